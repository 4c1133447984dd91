// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signal an oops to the hypervisor through pvpanic, on kernels that don't do it themselves.
 *
 * The signal is the first thing that happens on an oops: a kprobe on oops_enter(), which runs
 * before any other CPU is interrupted and before anything is printed, in any context. It is one
 * register write. The device stays bound to the stock pvpanic driver, which signals panics as
 * ever; where the kernel has no driver for the device, the panic is signalled here, too.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/crash_dump.h>
#include <linux/io.h>
#include <linux/kexec.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/notifier.h>
#if __has_include(<linux/panic_notifier.h>)
#include <linux/panic_notifier.h>
#endif

#include "device.h"
#include "lockup_event.h"
#include "nmi_backtrace.h"

/* There in a kernel with the in-tree patches, which signals an oops by itself. */
extern struct atomic_notifier_head oops_notifier_list;

/* A weak reference would do, too, but arm64 loads no module that has one. */
static bool kernel_signals_oopses(void)
{
	if (!symbol_get(oops_notifier_list))
		return false;
	symbol_put(oops_notifier_list);
	return true;
}

static bool oops_fallback = true;
module_param(oops_fallback, bool, 0644);
MODULE_PARM_DESC(oops_fallback,
		 "where pvpanic has no oops event, signal an oops as crash loaded (default: Y)");

/* The event that says oops, or 0. */
static u8 oops_event(u8 offered)
{
	if (offered & EVENT_OOPS)
		return EVENT_OOPS;
	if (oops_fallback)
		return offered & EVENT_CRASH_LOADED;
	return 0;
}
NOKPROBE_SYMBOL(oops_event);

static int oops_entered(struct kprobe *p, struct pt_regs *regs)
{
	const struct pvpanic *pvpanic = pvpanic_device();
	u8 event = pvpanic ? oops_event(pvpanic->events) : 0;

	if (event)
		iowrite8(event, pvpanic->reg);
	return 0;
}
NOKPROBE_SYMBOL(oops_entered);

static struct kprobe oops_probe = {
	.symbol_name = "oops_enter",
	.pre_handler = oops_entered,
};

/* As the stock driver does it, for a device that this kernel has no driver for. */
static int panicking(struct notifier_block *nb, unsigned long code, void *unused)
{
	const struct pvpanic *pvpanic = pvpanic_device();
	u8 event = kexec_crash_loaded() ? EVENT_CRASH_LOADED : EVENT_PANICKED;

	if (pvpanic && !READ_ONCE(pvpanic->dev->driver) && (event & pvpanic->events))
		iowrite8(event, pvpanic->reg);
	return NOTIFY_DONE;
}

static struct notifier_block panic_watch = {
	.notifier_call = panicking,
	.priority = INT_MAX,
};

static int __init oopsbt_init(void)
{
	int err;

	/* -ENODEV is what those who load modules at boot take for "not here", and no failure. */
	if (kernel_signals_oopses()) {
		pr_err("not needed: this kernel signals an oops itself (see oops_fallback in the folder of its device in sysfs)\n");
		return -ENODEV;
	}
	if (is_kdump_kernel()) {
		pr_err("not for a kdump kernel: the host would take its oops for the guest's\n");
		return -ENODEV;
	}
	err = pvpanic_watch(oops_event);
	if (err)
		return err;
	err = register_kprobe(&oops_probe);
	if (err) {
		pr_err("can't hook oops_enter: error %d from register_kprobe\n", err);
		pvpanic_unwatch();
		return err;
	}
	atomic_notifier_chain_register(&panic_notifier_list, &panic_watch);
	oopsbt_lockup_register();
	err = oopsbt_nmi_register();
	if (err)
		pr_notice("an NMI from the host can't be answered: error %d\n", err);
	return 0;
}

static void __exit oopsbt_exit(void)
{
	oopsbt_nmi_unregister();
	oopsbt_lockup_unregister();
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_watch);
	unregister_kprobe(&oops_probe);
	pvpanic_unwatch();
}

module_init(oopsbt_init);
module_exit(oopsbt_exit);

MODULE_DESCRIPTION("Signals an oops to the hypervisor through pvpanic");
MODULE_VERSION(OOPSBT_VERSION);
MODULE_LICENSE("GPL");
