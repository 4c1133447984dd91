// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's own way to show all CPUs, trigger_all_cpu_backtrace(), is not for modules: the
 * function behind it is not exported. What it is made of is, so this does the same: the CPU that
 * got the NMI sends an NMI to each other one, and each prints its own stack from its handler.
 * Nothing is waited for, and no lock is taken but printk's, which knows about NMIs.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/smp.h>
#include <asm/apic.h>
#include <asm/nmi.h>

#include "nmi_backtrace.h"

/* The host reads both in guest memory, by name: see README.md. */
static int oopsbt_nmi_backtrace;
static int oopsbt_nmi_handler_ready __used;

static int set_switch(const char *val, const struct kernel_param *kp)
{
	unsigned int on;
	int err = kstrtouint(val, 0, &on);

	if (err)
		return err;
	if (on > 1)
		return -EINVAL;
	WRITE_ONCE(oopsbt_nmi_backtrace, on);
	return 0;
}

static const struct kernel_param_ops switch_ops = {
	.set = set_switch,
	.get = param_get_int,
};
module_param_cb(nmi_backtrace, &switch_ops, &oopsbt_nmi_backtrace, 0644);
MODULE_PARM_DESC(nmi_backtrace,
		 "on an NMI that nobody claims, print all CPUs' backtraces: 0 or 1 (default: 0)");

/* As the kernel does it: two in a row tell stuck from busy, a storm does not fill the console. */
static DEFINE_RATELIMIT_STATE(dumps, 30 * HZ, 3);

/*
 * The CPUs that were asked and have not answered yet. One may take its time, for instance because
 * the host does not run it. Its NMI still has to be claimed when it comes, but what the CPU does by
 * then is not what was asked for. The kernel itself waits as long for a CPU.
 */
#define ANSWER_WITHIN (10 * HZ)
static struct cpumask asked;
static unsigned long asked_at;

static void show_this_cpu(void)
{
	/* Keeps the lines of a CPU together, where the kernel has it (5.19 on). */
#ifdef printk_cpu_sync_get_irqsave
	unsigned long flags;

	printk_cpu_sync_get_irqsave(flags);
#endif
	pr_warn("NMI backtrace for cpu %d\n", smp_processor_id());
	dump_stack();
#ifdef printk_cpu_sync_get_irqsave
	printk_cpu_sync_put_irqrestore(flags);
#endif
}
NOKPROBE_SYMBOL(show_this_cpu);

static int unknown_nmi(unsigned int type, struct pt_regs *regs)
{
	if (!READ_ONCE(oopsbt_nmi_backtrace))
		return NMI_DONE;
	if (!__ratelimit(&dumps))
		return NMI_HANDLED;

	pr_warn("NMI received for unknown reason on CPU %d, showing all CPUs\n",
		smp_processor_id());
	show_this_cpu();
	WRITE_ONCE(asked_at, jiffies);
	smp_wmb(); /* who finds itself asked sees when */
	cpumask_copy(&asked, cpu_online_mask);
	cpumask_clear_cpu(smp_processor_id(), &asked);
	if (!cpumask_empty(&asked))
		apic->send_IPI_mask(&asked, NMI_VECTOR);
	return NMI_HANDLED;
}
NOKPROBE_SYMBOL(unknown_nmi);

static int local_nmi(unsigned int type, struct pt_regs *regs)
{
	if (!cpumask_test_and_clear_cpu(smp_processor_id(), &asked))
		return NMI_DONE;
	if (time_before_eq(jiffies, READ_ONCE(asked_at) + ANSWER_WITHIN))
		show_this_cpu();
	return NMI_HANDLED;
}
NOKPROBE_SYMBOL(local_nmi);

int oopsbt_nmi_register(void)
{
	int err = register_nmi_handler(NMI_LOCAL, local_nmi, 0, "oopsbt_local");

	if (err)
		return err;
	err = register_nmi_handler(NMI_UNKNOWN, unknown_nmi, 0, "oopsbt_unknown");
	if (err) {
		unregister_nmi_handler(NMI_LOCAL, "oopsbt_local");
		return err;
	}
	WRITE_ONCE(oopsbt_nmi_handler_ready, 1);
	return 0;
}

void oopsbt_nmi_unregister(void)
{
	if (!oopsbt_nmi_handler_ready)
		return;
	WRITE_ONCE(oopsbt_nmi_handler_ready, 0);
	/* Waits for handlers that run: after it nobody is asked any more. */
	unregister_nmi_handler(NMI_UNKNOWN, "oopsbt_unknown");
	unregister_nmi_handler(NMI_LOCAL, "oopsbt_local");
}
