// SPDX-License-Identifier: GPL-2.0-only
/*
 * Oopses in every context a CPU can be in, and oopses of those who handle oopses.
 *
 *	echo CONTEXT > /sys/module/oops_context/parameters/run
 *
 * process, softirq, hardirq: a NULL pointer is written through there, at once.
 * nmi: the next NMI nobody else claims does it.
 * claim_nmi: such NMIs are claimed from now on, and nothing else happens.
 * nested: what is called while the next oops is printed oopses itself.
 * notifier: what is on oops_notifier_list oopses, at each oops from now on.
 * tasks: who lists all tasks oopses, from now on.
 *
 * The write never comes from the writer of the file: that one holds the lock of all parameters.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kdebug.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/version.h>
/* Linux 5.13 and older have its content in linux/kernel.h. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
#include <linux/panic_notifier.h>
#endif
#include <asm/nmi.h>

static noinline void write_null(void)
{
	int *where = NULL;

	OPTIMIZER_HIDE_VAR(where);
	*where = 1;
}

static int process_oops(void *unused)
{
	write_null();
	return 0;
}

static void softirq_oops(struct tasklet_struct *unused)
{
	write_null();
}
static DECLARE_TASKLET(softirq_tasklet, softirq_oops);

static void hardirq_oops(struct irq_work *unused)
{
	write_null();
}
static DEFINE_IRQ_WORK(hardirq_work, hardirq_oops);

static int nmi_oops(unsigned int type, struct pt_regs *regs)
{
	write_null();
	return NMI_HANDLED;
}

static int nmi_claim(unsigned int type, struct pt_regs *regs)
{
	return NMI_HANDLED;
}

static int die_oops(struct notifier_block *nb, unsigned long reason, void *args)
{
	static atomic_t calls;

	/* Not for the one that this is about to make. */
	if (reason == DIE_OOPS && atomic_inc_return(&calls) == 1)
		write_null();
	return NOTIFY_DONE;
}
static struct notifier_block die_nb = { .notifier_call = die_oops };

static int notifier_oops(struct notifier_block *nb, unsigned long code, void *unused)
{
	write_null();
	return NOTIFY_DONE;
}
static struct notifier_block notifier_nb = { .notifier_call = notifier_oops };

/* On the CPU of the writer */
static int run_process(void)
{
	struct task_struct *task = kthread_create(process_oops, NULL, "oops_process");

	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, raw_smp_processor_id());
	wake_up_process(task);
	return 0;
}

static int sleep_for_good(void *unused)
{
	schedule_timeout_idle(MAX_SCHEDULE_TIMEOUT);
	return 0;
}

/* A task whose parent, which each list of tasks shows, is at an address that cannot be read */
static int run_tasks(void)
{
	struct task_struct *task = kthread_run(sleep_for_good, NULL, "oops_tasks");

	if (IS_ERR(task))
		return PTR_ERR(task);
	rcu_assign_pointer(task->real_parent, (struct task_struct *)8);
	return 0;
}

static int run_set(const char *value, const struct kernel_param *param)
{
	if (sysfs_streq(value, "process"))
		return run_process();
	if (sysfs_streq(value, "softirq"))
		tasklet_schedule(&softirq_tasklet);
	else if (sysfs_streq(value, "hardirq"))
		irq_work_queue(&hardirq_work);
	else if (sysfs_streq(value, "nmi"))
		return register_nmi_handler(NMI_UNKNOWN, nmi_oops, 0, "oops_context");
	else if (sysfs_streq(value, "claim_nmi"))
		return register_nmi_handler(NMI_UNKNOWN, nmi_claim, 0, "oops_context_claim");
	else if (sysfs_streq(value, "nested"))
		return register_die_notifier(&die_nb);
	else if (sysfs_streq(value, "notifier"))
		return atomic_notifier_chain_register(&oops_notifier_list, &notifier_nb);
	else if (sysfs_streq(value, "tasks"))
		return run_tasks();
	else
		return -EINVAL;
	return 0;
}

static const struct kernel_param_ops run_ops = { .set = run_set };
module_param_cb(run, &run_ops, NULL, 0200);
MODULE_PARM_DESC(run, "process, softirq, hardirq, nmi, claim_nmi, nested, notifier or tasks");

MODULE_DESCRIPTION("Oopses in every context, for tests");
MODULE_LICENSE("GPL");
