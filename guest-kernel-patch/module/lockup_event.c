// SPDX-License-Identifier: GPL-2.0-only
/*
 * The detectors have no function of their own that is called when they find something and is in
 * every kernel: compilers merge them into their callers. What all do is to print, by one function
 * and with a format of their own. So the hook is there, and looks at the format alone: what is
 * printed by a program through /dev/kmsg has another one.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/kern_levels.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "device.h"
#include "lockup_event.h"

static bool lockup_fallback;
module_param(lockup_fallback, bool, 0444);
MODULE_PARM_DESC(lockup_fallback,
		 "where pvpanic has no lockup event, signal a lockup as crash loaded (default: N)");

/* How the first line of each detector's text begins, after its level. */
static const char *const formats[] = {
	"watchdog: BUG: soft lockup - CPU#",
	"watchdog: Watchdog detected hard LOCKUP",
	"watchdog: CPU%u: Watchdog detected hard LOCKUP", /* 6.12 on */
	"NMI watchdog: Watchdog detected hard LOCKUP",
	"INFO: task %s:%d blocked",
	"rcu: INFO: %s self-detected stall on CPU",
	"rcu: INFO: %s detected stalls on CPUs/tasks",
	"rcu: INFO: %s detected expedited stalls on CPUs/tasks",
};

static bool is_lockup(const char *format)
{
	int i;

	if (format[0] != KERN_SOH_ASCII || !format[1])
		return false;
	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strncmp(format + 2, formats[i], strlen(formats[i])))
			return true;
	return false;
}
NOKPROBE_SYMBOL(is_lockup);

static u8 lockup_event(u8 offered)
{
	if (offered & EVENT_LOCKUP)
		return EVENT_LOCKUP;
	if (lockup_fallback)
		return offered & EVENT_CRASH_LOADED;
	return 0;
}
NOKPROBE_SYMBOL(lockup_event);

/* Many tasks may hang at once: the host looks at all of them when it is told of the first. */
static bool told_just_now(void)
{
	static unsigned long last;
	static bool told;
	bool recent = READ_ONCE(told) && time_before(jiffies, READ_ONCE(last) + HZ);

	if (!recent) {
		WRITE_ONCE(last, jiffies);
		WRITE_ONCE(told, true);
	}
	return recent;
}
NOKPROBE_SYMBOL(told_just_now);

static int printing(struct kprobe *p, struct pt_regs *regs)
{
	const char *format = (const char *)regs_get_kernel_argument(regs, 0);
	const struct pvpanic *pvpanic;
	u8 event;

	if (!format || !is_lockup(format))
		return 0;
	pvpanic = pvpanic_device();
	event = pvpanic ? lockup_event(pvpanic->events) : 0;
	if (event && !told_just_now())
		iowrite8(event, pvpanic->reg);
	return 0;
}
NOKPROBE_SYMBOL(printing);

static struct kprobe print_probe = { .pre_handler = printing };
static bool hooked;

static bool is_of_use(void)
{
	const struct pvpanic *pvpanic;
	bool of_use;

	preempt_disable();
	pvpanic = pvpanic_device();
	of_use = pvpanic && lockup_event(pvpanic->events);
	preempt_enable();
	return of_use;
}

void oopsbt_lockup_register(void)
{
	static const char *const names[] = { "_printk", "printk" }; /* before 5.15 */
	int err = -ENOENT, i;

	if (!is_of_use())
		return;
	for (i = 0; i < ARRAY_SIZE(names) && err; i++) {
		print_probe.symbol_name = names[i];
		print_probe.addr = NULL;
		err = register_kprobe(&print_probe);
	}
	if (err)
		pr_notice("lockups can't be signalled: error %d from register_kprobe\n", err);
	else
		pr_info("a lockup or a hung task is signalled, too\n");
	hooked = !err;
}

void oopsbt_lockup_unregister(void)
{
	if (hooked)
		unregister_kprobe(&print_probe);
}
