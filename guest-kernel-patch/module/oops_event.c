// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signal an oops to the hypervisor through pvpanic, on kernels that don't do it themselves.
 *
 * The signal is the first thing that happens on an oops: a kprobe on oops_enter(), which runs
 * before any other CPU is interrupted and before anything is printed, in any context. It is one
 * register write. The device stays bound to the stock pvpanic driver: nothing is claimed here, so
 * panics are signalled as ever.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/acpi.h>
#include <linux/io.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/pci.h>

#include "nmi_backtrace.h"

#define EVENT_CRASH_LOADED BIT(1)
#define EVENT_OOPS BIT(3)
/* What reads as all ones has no device behind it. */
#define EVENTS_NOBODY 0xff

#define PCI_DEVICE_ID_REDHAT_PVPANIC 0x0011

/* There in a kernel with the in-tree patches, which signals an oops by itself. */
extern struct atomic_notifier_head oops_notifier_list __weak;

static bool oops_fallback = true;
module_param(oops_fallback, bool, 0644);
MODULE_PARM_DESC(oops_fallback,
		 "where pvpanic has no oops event, signal an oops as crash loaded (default: Y)");

static struct {
	void __iomem *reg;
	struct pci_dev *pdev; /* NULL: the ISA device */
	u8 events;
	char name[40];
} pvpanic;

/* The event that says oops, or 0. */
static u8 oops_event(void)
{
	if (pvpanic.events & EVENT_OOPS)
		return EVENT_OOPS;
	if (oops_fallback)
		return pvpanic.events & EVENT_CRASH_LOADED;
	return 0;
}
NOKPROBE_SYMBOL(oops_event);

static int oops_entered(struct kprobe *p, struct pt_regs *regs)
{
	u8 event = oops_event();

	if (event)
		iowrite8(event, pvpanic.reg);
	return 0;
}
NOKPROBE_SYMBOL(oops_entered);

static struct kprobe oops_probe = {
	.symbol_name = "oops_enter",
	.pre_handler = oops_entered,
};

static bool map_isa(void)
{
	struct acpi_device *adev = acpi_dev_get_first_match_dev("QEMU0001", NULL, -1);
	struct resource_entry *entry;
	LIST_HEAD(resources);

	if (!adev)
		return false;
	acpi_dev_get_resources(adev, &resources, NULL, NULL);
	list_for_each_entry(entry, &resources, node) {
		if (resource_type(entry->res) != IORESOURCE_IO)
			continue;
		pvpanic.reg = ioport_map(entry->res->start, 1);
		snprintf(pvpanic.name, sizeof(pvpanic.name), "I/O port %#llx",
			 (unsigned long long)entry->res->start);
		break;
	}
	acpi_dev_free_resource_list(&resources);
	acpi_dev_put(adev);
	return pvpanic.reg;
}

static bool map_pci(void)
{
	struct pci_dev *pdev =
		pci_get_device(PCI_VENDOR_ID_REDHAT, PCI_DEVICE_ID_REDHAT_PVPANIC, NULL);

	if (!pdev)
		return false;
	if (pci_enable_device(pdev))
		goto put;
	pvpanic.reg = pci_iomap(pdev, 0, 1);
	if (!pvpanic.reg)
		goto disable;
	pvpanic.pdev = pdev;
	snprintf(pvpanic.name, sizeof(pvpanic.name), "PCI device %s", pci_name(pdev));
	return true;

disable:
	pci_disable_device(pdev);
put:
	pci_dev_put(pdev);
	return false;
}

static void unmap(void)
{
	if (pvpanic.pdev) {
		pci_iounmap(pvpanic.pdev, pvpanic.reg);
		pci_disable_device(pvpanic.pdev);
		pci_dev_put(pvpanic.pdev);
	} else if (pvpanic.reg) {
		ioport_unmap(pvpanic.reg);
	}
	memset(&pvpanic, 0, sizeof(pvpanic));
}

/* The first device found that knows an event for an oops; if there is none, says why. */
static int find_device(void)
{
	static bool (*const map[])(void) = { map_isa, map_pci };
	int found = 0, i;
	u8 events = 0;

	for (i = 0; i < ARRAY_SIZE(map); i++) {
		if (!map[i]())
			continue;
		pvpanic.events = ioread8(pvpanic.reg);
		if (pvpanic.events != EVENTS_NOBODY) {
			if (oops_event())
				return 0;
			events = pvpanic.events;
			found++;
		}
		unmap();
	}
	if (!found)
		pr_err("no pvpanic device (neither ACPI QEMU0001 nor PCI 1b36:0011 is there)\n");
	else
		pr_err("pvpanic offers events %#x, none to signal an oops with (%#lx%s)\n", events,
		       EVENT_OOPS, oops_fallback ? " or 0x2" : "; oops_fallback is off");
	return -ENODEV;
}

static int __init oopsbt_init(void)
{
	int err;

	if (&oops_notifier_list) {
		pr_err("not needed: this kernel signals an oops itself (see pvpanic.oops_fallback)\n");
		return -EBUSY;
	}
	err = find_device();
	if (err)
		return err;
	err = register_kprobe(&oops_probe);
	if (err) {
		pr_err("can't hook oops_enter: error %d from register_kprobe\n", err);
		unmap();
		return err;
	}
	pr_info("an oops is signalled as event %#x to pvpanic at %s\n", oops_event(), pvpanic.name);
	err = oopsbt_nmi_register();
	if (err)
		pr_notice("an NMI from the host can't be answered: error %d\n", err);
	return 0;
}

static void __exit oopsbt_exit(void)
{
	oopsbt_nmi_unregister();
	unregister_kprobe(&oops_probe);
	unmap();
}

module_init(oopsbt_init);
module_exit(oopsbt_exit);

MODULE_DESCRIPTION("Signals an oops to the hypervisor through pvpanic");
MODULE_LICENSE("GPL");
