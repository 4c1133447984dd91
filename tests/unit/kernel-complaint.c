/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Complaints of the kernel without an oops, and the function in their title. */
#include <string.h>

#include "kernel/complaint.h"

static const struct sample {
	const char *title;
	enum incident incident;
	const char *text;
} samples[] = {
	{"WARNING in my_open [my_mod]", INCIDENT_WARNING,
	 "WARNING: CPU: 1 PID: 12 at drivers/my.c:12 my_open+0x12/0x34 [my_mod]\n"
	 "Modules linked in: my_mod\n"
	 "RIP: 0010:my_open+0x12/0x34 [my_mod]\n"
	 "Call Trace:\n <TASK>\n chrdev_open+0x1/0x2\n"},
	{"WARNING in my_open", INCIDENT_WARNING,
	 "WARNING: drivers/my.c:12 at my_open+0x12/0x34, CPU#1: sh/12\n"
	 "RIP: 0010:my_open+0x12/0x34\nCall Trace:\n <TASK>\n chrdev_open+0x1/0x2\n"},
	{"WARNING in my_open", INCIDENT_WARNING, /* from 4.x, with panic_on_warn */
	 "WARNING: CPU: 1 PID: 12 at lib/refcount.c:12 refcount_inc+0x12/0x34\n"
	 "Kernel panic - not syncing: panic_on_warn set ...\n"
	 "Call Trace:\n [<ffffffff81000000>] dump_stack+0x1/0x2\n"
	 " [<ffffffff81000000>] panic+0x1/0x2\n [<ffffffff81000000>] __warn+0x1/0x2\n"
	 " [<ffffffff81000000>] report_bug+0x1/0x2\n"
	 " [<ffffffff81000000>] invalid_op+0x1/0x2\n"
	 "RIP: 0010:[<ffffffff81000012>]  [<ffffffff81000012>] refcount_inc+0x12/0x34\n"
	 " [<ffffffff81000000>] ? not_there+0x1/0x2\n"
	 " [<ffffffff81000000>] my_open+0x1/0x2\n [<ffffffff81000000>] chrdev_open+0x1/0x2\n"},
	{"KASAN: use-after-free in my_read", INCIDENT_WARNING,
	 "BUG: KASAN: use-after-free in my_read+0x12/0x34\n"
	 "Read of size 8 at addr ffff888012345678 by task sh/12\n\nCall Trace:\n"
	 " dump_stack_lvl+0x1/0x2\n print_report+0x1/0x2\n kasan_report+0x1/0x2\n"
	 " my_read+0x12/0x34\n vfs_read+0x1/0x2\n\nAllocated by task 1:\n my_open+0x1/0x2\n"},
	{"KASAN: slab-out-of-bounds in my_read", INCIDENT_WARNING,
	 "BUG: KASAN: slab-out-of-bounds in memcpy+0x12/0x34\nCall Trace:\n"
	 " kasan_check_range+0x1/0x2\n memcpy+0x12/0x34\n my_read+0x1/0x2\n"},
	{"KFENCE: use-after-free read in my_read", INCIDENT_WARNING,
	 "BUG: KFENCE: use-after-free read in my_read+0x12/0x34\n\n"
	 "Use-after-free read at 0xffff88801234 (in kfence-#69):\n my_read+0x12/0x34\n"},
	{"KCSAN: data-race in my_read", INCIDENT_WARNING,
	 "BUG: KCSAN: data-race in my_read / my_write\n\nread to 0xffff888012345678:\n"},
	{"UBSAN: array-index-out-of-bounds in my_read", INCIDENT_WARNING,
	 "UBSAN: array-index-out-of-bounds in drivers/my.c:12:3\nindex 9 is out of range\n"
	 "Call Trace:\n dump_stack+0x1/0x2\n ubsan_epilogue+0x1/0x2\n"
	 " __ubsan_handle_out_of_bounds.cold+0x1/0x2\n my_read.constprop.0+0x1/0x2\n"},
	{"soft lockup in my_ioctl", INCIDENT_SOFT_LOCKUP,
	 "watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [sh:12]\n"
	 "hardirqs last  enabled at (9): [<ffffffff81000000>] some_one+0x1/0x2\n"
	 "RIP: 0010:delay_tsc+0x1/0x2\nCall Trace:\n my_poll+0x1/0x2\n my_ioctl+0x1/0x2\n"
	 " __x64_sys_ioctl+0x1/0x2\n do_syscall_64+0x1/0x2\n"},
	{"hard lockup in my_ioctl", INCIDENT_HARD_LOCKUP,
	 "NMI watchdog: Watchdog detected hard LOCKUP on cpu 1\n"
	 "RIP: 0010:native_sched_clock+0x1/0x2\nCall Trace:\n my_ioctl+0x1/0x2\n"
	 " do_vfs_ioctl+0x1/0x2\n"},
	{"hard lockup in my_ioctl", INCIDENT_HARD_LOCKUP,
	 "watchdog: CPU1: Watchdog detected hard LOCKUP on cpu 1\n"
	 "RIP: 0010:my_ioctl+0x1/0x2\nCall Trace:\n do_vfs_ioctl+0x1/0x2\n"},
	{"RCU stall in my_ioctl", INCIDENT_RCU_STALL,
	 "rcu: INFO: rcu_preempt self-detected stall on CPU\nCall Trace:\n <IRQ>\n"
	 " rcu_sched_clock_irq+0x1/0x2\n update_process_times+0x1/0x2\n"
	 " hrtimer_interrupt+0x1/0x2\n asm_sysvec_apic_timer_interrupt+0x1/0x2\n </IRQ>\n"
	 "RIP: 0010:my_poll+0x1/0x2\n my_ioctl+0x1/0x2\n __x64_sys_ioctl+0x1/0x2\n"},
	/* A task name that contains a newline */
	{"hung task in my_close", INCIDENT_HUNG_TASK,
	 "b\xff:12 blocked for more than 143 seconds.\n      Not tainted 6.1.0\n"
	 "Call Trace:\n <TASK>\n __schedule+0x1/0x2\n schedule+0x1/0x2\n my_close+0x1/0x2\n"},
	/* No function below the function that runs the work item */
	{"RCU stall in kvm_vm_compat_ioctl", INCIDENT_RCU_STALL,
	 "INFO: rcu_sched self-detected stall on CPU\nCall Trace:\n"
	 " <IRQ>  [<ffffffff81000000>] sched_show_task+0x1/0x2\n"
	 " [<ffffffff81000000>] hrtimer_interrupt+0x1/0x2\n"
	 " [<ffffffff81000000>] apic_timer_interrupt+0x1/0x2\n"
	 " <EOI>  [<ffffffff81000000>] kvm_vm_compat_ioctl+0x1/0x2\n"
	 " [<ffffffff81000000>] compat_SyS_ioctl+0x1/0x2\n"},
	/* The scheduler switches to another task at random while this task loops */
	{"RCU stall in my_open", INCIDENT_RCU_STALL,
	 "rcu: INFO: rcu_preempt self-detected stall on CPU\nCall Trace:\n"
	 " put_task_stack+0x1/0x2\n finish_task_switch+0x1/0x2\n __schedule+0x1/0x2\n"
	 " preempt_schedule_irq+0x1/0x2\n retint_kernel+0x1/0x2\n my_poll+0x1/0x2\n"
	 " my_open+0x1/0x2\n do_dentry_open+0x1/0x2\n"},
	/* The caller that wants the memory, not the allocation function */
	{"memory leak in my_create", INCIDENT_WARNING,
	 "BUG: memory leak\nunreferenced object 0xffff8800342540c0 (size 1864):\n  backtrace:\n"
	 "    [<ffffffff81000000>] kmem_cache_alloc+0x1/0x2\n"
	 "    [<ffffffff81000000>] sk_prot_alloc+0x1/0x2\n"
	 "    [<ffffffff81000000>] sk_alloc+0x1/0x2\n"
	 "    [<ffffffff81000000>] my_create+0x1/0x2\n"
	 "    [<ffffffff81000000>] __sock_create+0x1/0x2\n"},
	{"memory leak in my_alloc", INCIDENT_WARNING,
	 "BUG: memory leak\n  backtrace:\n    [<ffffffff81000000>] __kmalloc+0x1/0x2\n"
	 "    [<ffffffff81000000>] my_alloc+0x1/0x2\n"
	 "    [<ffffffff81000000>] do_syscall_64+0x1/0x2\n"},
	{"KMSAN: uninit-value in my_crypt", INCIDENT_WARNING,
	 "BUG: KMSAN: uninit-value in aes_encrypt+0x1/0x2\n aes_encrypt+0x1/0x2\n"
	 " crypto_ecb_encrypt+0x1/0x2\n crypto_skcipher_encrypt+0x1/0x2\n my_crypt+0x1/0x2\n"},
	{"KCSAN: data-race in my_read", INCIDENT_WARNING,
	 " BUG: KCSAN: data-race in my_read+0x1/0x2\n"},
	{"soft lockup in smp_call_function", INCIDENT_SOFT_LOCKUP,
	 "watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [sh:12]\n"
	 "RIP: 0010:smp_call_function_many_cond+0x1/0x2\nCall Trace:\n"
	 " on_each_cpu+0x1/0x2\n my_ioctl+0x1/0x2\n vfs_ioctl+0x1/0x2\n"},
	{"hung task in my_close", INCIDENT_HUNG_TASK,
	 "INFO: task sh:12 blocked for more than 120 seconds.\n"
	 "      Not tainted 6.1.0\ntask:sh state:D stack:0 pid:12\nCall Trace:\n <TASK>\n"
	 " __schedule+0x1/0x2\n schedule+0x1/0x2\n __mutex_lock+0x1/0x2\n"
	 " my_close+0x1/0x2\n __fput+0x1/0x2\n"},
	{"hung task in my_close", INCIDENT_HUNG_TASK,
	 "INFO: task sh:12 blocked for more than 120 seconds.\nCall Trace:\n"
	 " [<ffffffff81000000>] schedule+0x1/0x2\n [<ffffffff81000000>] my_wait_for_it+0x1/0x2\n"
	 " [<ffffffff81000000>] my_lock_all+0x1/0x2\n [<ffffffff81000000>] my_close+0x1/0x2\n"},
	{"hung task in my_wait_thread", INCIDENT_HUNG_TASK, /* there is no other function */
	 "INFO: task sh:12 blocked for more than 120 seconds.\nCall Trace:\n schedule+0x1/0x2\n"
	 " my_wait_thread+0x1/0x2\n kthread+0x1/0x2\n ret_from_fork+0x1/0x2\n"},
	{"hung task in sys_wait4", INCIDENT_HUNG_TASK,
	 "INFO: task sh:12 blocked for more than 120 seconds.\nCall Trace:\n"
	 " schedule+0x1/0x2\n __do_sys_wait4+0x1/0x2\n do_syscall_64+0x1/0x2\n"},
	{"scheduling while atomic in my_irq", INCIDENT_WARNING, /* the change of stacks in 4.x */
	 "BUG: scheduling while atomic: sh/12/0x00000002\nCall Trace:\n"
	 " <<EOE>>  <IRQ>  [<ffffffff81000000>] dump_stack+0x1/0x2\n"
	 " <IRQ>  [<ffffffff81000000>] my_irq+0x1/0x2\n"
	 " [<ffffffff81000000>] my_caller+0x1/0x2\n"},
	{"workqueue leaked lock or atomic in my_work", INCIDENT_WARNING,
	 "BUG: workqueue leaked lock or atomic: kworker/0:1/0x00000000/12\n"
	 "     last function: my_work\nCall Trace:\n process_one_work+0x1/0x2\n"},
	{"Bad page state in my_alloc", INCIDENT_WARNING,
	 "BUG: Bad page state in process sh  pfn:12345\n"
	 "page last allocated via order 0, migratetype Unmovable\n post_alloc_hook+0x1/0x2\n"
	 " my_alloc+0x1/0x2\nCall Trace:\n dump_stack+0x1/0x2\n my_free+0x1/0x2\n"},
	{"Bad page state in my_free", INCIDENT_WARNING,
	 "BUG: Bad page state in process sh  pfn:12345\nCall Trace:\n dump_stack+0x1/0x2\n"
	 " bad_page+0x1/0x2\n my_free+0x1/0x2\n"},
	{"hung task in synchronize_rcu", INCIDENT_HUNG_TASK,
	 "INFO: task sh:12 blocked for more than 120 seconds.\nCall Trace:\n"
	 " __schedule+0x1/0x2\n wait_for_completion+0x1/0x2\n __wait_rcu_gp+0x1/0x2\n"
	 " synchronize_rcu_expedited+0x1/0x2\n my_close+0x1/0x2\n"},
	{"possible deadlock in my_lock_it", INCIDENT_WARNING,
	 "WARNING: possible circular locking dependency detected\n6.1.0 Not tainted\n"
	 "sh/12 is trying to acquire lock:\nffff (&a){+.+.}-{3:3}, at: my_lock_it+0x1/0x2\n"
	 "\nbut task is already holding lock:\nffff (&b){+.+.}-{3:3}, at: my_other+0x1/0x2\n"},
	{"possible deadlock in my_irq", INCIDENT_WARNING,
	 "WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected\n"
	 "but this new dependency connects a HARDIRQ-irq-safe lock:\n"
	 "... which became HARDIRQ-irq-safe at:\n  lock_acquire+0x1/0x2\n"
	 "  _raw_spin_lock_irqsave+0x1/0x2\n  my_irq+0x1/0x2\nCall Trace:\n my_x+0x1/0x2\n"},
	{"bad unlock balance in my_stop", INCIDENT_WARNING,
	 "[ BUG: bad unlock balance detected! ]\n"
	 "sh/12 is trying to release lock (my_lock) at:\n"
	 "[<ffffffff81000000>] my_stop+0x1/0x2\nbut there are no more locks to release!\n"},
	{"stack is corrupted in my_read", INCIDENT_PANIC,
	 "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: "
	 "my_read+0x12/0x34\nCall Trace:\n panic+0x1/0x2\n __stack_chk_fail+0x1/0x2\n"},
	{"workqueue lockup", INCIDENT_WARNING, "BUG: workqueue lockup - pool cpus=0 node=0\n"},
};

static GPtrArray *split(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "\n", 0);
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

	for (char **part = parts; *part; part++)
		g_ptr_array_add(lines, g_strdup(*part));
	return lines;
}

static void test_samples(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
		g_autoptr(GPtrArray) lines = split(samples[i].text);
		g_autofree char *title = NULL;
		struct complaint complaint;

		g_test_message("%s", samples[i].title);
		g_assert_true(complaint_line_begins(g_ptr_array_index(lines, 0)));
		g_assert_true(complaint_find(lines, 0, &complaint));
		title = complaint_title(&complaint);
		g_assert_cmpstr(title, ==, samples[i].title);
		g_assert_cmpint(complaint.incident, ==, samples[i].incident);
		complaint_clear(&complaint);
	}
}

static void test_others(void)
{
	static const char *const others[] = {
		"",
		"WARNING: fbcon: Driver 'x' missed to adjust virtual screen size",
		"INFO: lockdep is turned off.",
		"INFO: NMI handler (x) took too long to run: 1.0 msecs",
		"BUG: kernel NULL pointer dereference, address: 0000000000000000",
		"Kernel panic - not syncing: Fatal exception",
		"usb 1-1: WARNING",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
		g_test_message("%s", others[i]);
		g_assert_false(complaint_line_begins(others[i]));
	}
}

/* A guest may write anything: the parser returns, and the title is one line. */
static void test_cut_and_bent(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(7);

	for (int round = 0; round < 2000; round++) {
		const struct sample *sample =
			&samples[g_rand_int_range(random, 0, G_N_ELEMENTS(samples))];
		g_autofree char *text = g_strdup(sample->text);
		size_t length = strlen(text), first = strcspn(text, "\n");
		g_autoptr(GPtrArray) lines = NULL;
		g_autofree char *title = NULL;
		struct complaint complaint;

		text[g_rand_int_range(random, (gint)first, (gint)length)] = '\0';
		if (first + 1 < strlen(text))
			text[g_rand_int_range(random, (gint)first + 1, (gint)strlen(text))] =
				(char)g_rand_int_range(random, 1, 256);
		lines = split(text);
		g_assert_true(complaint_find(lines, 0, &complaint));
		title = complaint_title(&complaint);
		g_assert_null(strchr(title, '\n'));
		complaint_clear(&complaint);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/complaint/titles", test_samples);
	g_test_add_func("/complaint/others", test_others);
	g_test_add_func("/complaint/cut-and-bent", test_cut_and_bent);
	return g_test_run();
}
