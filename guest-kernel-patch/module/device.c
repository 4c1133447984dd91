// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/acpi.h>
#include <linux/io.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/of.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "device.h"

/* What reads as all ones has no device behind it. */
#define EVENTS_NOBODY 0xff

static const struct pci_device_id pci_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_REDHAT, 0x0011) },
	{},
};
MODULE_DEVICE_TABLE(pci, pci_ids);

static const struct acpi_device_id acpi_ids[] = {
	{ "QEMU0001", 0 },
	{},
};
MODULE_DEVICE_TABLE(acpi, acpi_ids);

static const struct of_device_id of_ids[] = {
	{ .compatible = "qemu,pvpanic-mmio" },
	{},
};
MODULE_DEVICE_TABLE(of, of_ids);

/* Who changes "pvpanic" holds the lock; who reads it has preemption disabled. */
static DEFINE_MUTEX(pvpanic_lock);
static struct pvpanic *pvpanic;
static choose_event_t choose_event;

const struct pvpanic *pvpanic_device(void)
{
	return READ_ONCE(pvpanic);
}
NOKPROBE_SYMBOL(pvpanic_device);

static int is_pvpanic(struct device *dev, const void *unused)
{
	if (dev_is_pci(dev))
		return pci_match_id(pci_ids, to_pci_dev(dev)) != NULL;
	return acpi_match_device(acpi_ids, dev) || of_match_node(of_ids, dev->of_node);
}

static bool map_platform(struct pvpanic *found)
{
	struct platform_device *pdev = to_platform_device(found->dev);
	struct resource *res = platform_get_resource(pdev, IORESOURCE_IO, 0);

	if (res) {
		found->is_port = true;
		found->reg = ioport_map(res->start, 1);
	} else {
		res = platform_get_resource(pdev, IORESOURCE_MEM, 0);
		if (!res)
			return false;
		found->reg = ioremap(res->start, 1);
	}
	snprintf(found->name, sizeof(found->name), "%s %#llx",
		 found->is_port ? "I/O port" : "address", (unsigned long long)res->start);
	return found->reg;
}

static bool map_pci(struct pvpanic *found)
{
	struct pci_dev *pdev = to_pci_dev(found->dev);

	if (pci_enable_device(pdev))
		return false;
	found->reg = pci_iomap(pdev, 0, 1);
	if (!found->reg) {
		pci_disable_device(pdev);
		return false;
	}
	snprintf(found->name, sizeof(found->name), "PCI device %s", pci_name(pdev));
	return true;
}

static bool map(struct pvpanic *found)
{
	return dev_is_pci(found->dev) ? map_pci(found) : map_platform(found);
}

static void unmap(struct pvpanic *found)
{
	if (dev_is_pci(found->dev)) {
		pci_iounmap(to_pci_dev(found->dev), found->reg);
		pci_disable_device(to_pci_dev(found->dev));
	} else if (found->is_port) {
		ioport_unmap(found->reg);
	} else {
		iounmap(found->reg);
	}
}

/* What a search has come across besides a device that is of use. */
struct search {
	int others;
	u8 events; /* of the last of them */
};

/* Returns whether dev is of use; then it is the device, and a reference to it is held. */
static bool try_device(struct device *dev, struct search *search)
{
	struct pvpanic *found = kzalloc(sizeof(*found), GFP_KERNEL);

	if (!found)
		return false;
	found->dev = dev;
	if (!map(found))
		goto free;
	found->events = ioread8(found->reg);
	if (found->events != EVENTS_NOBODY) {
		if (choose_event(found->events)) {
			get_device(dev);
			smp_store_release(&pvpanic, found);
			return true;
		}
		search->events = found->events;
		search->others++;
	}
	unmap(found);
free:
	kfree(found);
	return false;
}

static bool search_bus(typeof(&pci_bus_type) bus, struct search *search)
{
	struct device *dev = bus_find_device(bus, NULL, NULL, is_pvpanic);

	while (dev) {
		struct device *next;
		bool found = try_device(dev, search);

		next = found ? NULL : bus_find_device(bus, dev, NULL, is_pvpanic);
		put_device(dev);
		if (found)
			return true;
		dev = next;
	}
	return false;
}

/* Takes the first device that is of use, if there is none yet. */
static int find_device(void)
{
	struct search search = {};
	int err = 0;

	/* What is being plugged in has its addresses once this lock is free. */
	pci_lock_rescan_remove();
	mutex_lock(&pvpanic_lock);
	if (pvpanic)
		goto unlock;

	if (search_bus(&platform_bus_type, &search) || search_bus(&pci_bus_type, &search)) {
		pr_info("an oops is signalled as event %#x to pvpanic at %s\n",
			choose_event(pvpanic->events), pvpanic->name);
		goto unlock;
	}
	err = -ENODEV;
	if (!search.others)
		pr_err("no pvpanic device (neither ACPI QEMU0001 nor PCI 1b36:0011 is there)\n");
	else
		pr_err("pvpanic offers events %#x, none to signal an oops with (%#lx%s)\n",
		       search.events, EVENT_OOPS,
		       choose_event(EVENT_CRASH_LOADED) ? " or 0x2" : "; oops_fallback is off");
unlock:
	mutex_unlock(&pvpanic_lock);
	pci_unlock_rescan_remove();
	return err;
}

/* Forgets the device if it is dev, or whichever it is for NULL. Returns whether it was. */
static bool forget_device(struct device *dev)
{
	struct pvpanic *gone = NULL;

	mutex_lock(&pvpanic_lock);
	if (pvpanic && (!dev || pvpanic->dev == dev)) {
		gone = pvpanic;
		WRITE_ONCE(pvpanic, NULL);
	}
	mutex_unlock(&pvpanic_lock);
	if (!gone)
		return false;

	/* Waits for who signals right now. */
	synchronize_rcu();
	if (dev)
		pr_warn("pvpanic at %s is gone\n", gone->name);
	unmap(gone);
	put_device(gone->dev);
	kfree(gone);
	return true;
}

static void look_again(struct work_struct *unused)
{
	find_device();
}

static DECLARE_WORK(look_again_work, look_again);

static int bus_event(struct notifier_block *nb, unsigned long action, void *data)
{
	struct device *dev = data;

	if ((action == BUS_NOTIFY_DEL_DEVICE && forget_device(dev)) ||
	    (action == BUS_NOTIFY_ADD_DEVICE && is_pvpanic(dev, NULL)))
		schedule_work(&look_again_work);
	return NOTIFY_DONE;
}

static struct notifier_block platform_watch = { .notifier_call = bus_event };
static struct notifier_block pci_watch = { .notifier_call = bus_event };

int pvpanic_watch(choose_event_t choose)
{
	int err;

	choose_event = choose;
	err = bus_register_notifier(&platform_bus_type, &platform_watch);
	if (err)
		return err;
	err = bus_register_notifier(&pci_bus_type, &pci_watch);
	if (err) {
		bus_unregister_notifier(&platform_bus_type, &platform_watch);
		return err;
	}
	err = find_device();
	if (err)
		pvpanic_unwatch();
	return err;
}

void pvpanic_unwatch(void)
{
	bus_unregister_notifier(&pci_bus_type, &pci_watch);
	bus_unregister_notifier(&platform_bus_type, &platform_watch);
	cancel_work_sync(&look_again_work);
	forget_device(NULL);
}
