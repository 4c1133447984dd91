/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's pvpanic device. It is looked for on the platform bus (ACPI, device tree) and on PCI,
 * and both buses are watched: a device that goes away is forgotten before its address can become
 * another device's, and one that comes is used if there is none yet. It stays with the stock
 * driver, if the kernel has one: nothing is claimed here.
 */
#ifndef OOPSBT_DEVICE_H
#define OOPSBT_DEVICE_H

#include <linux/bits.h>
#include <linux/device.h>
#include <linux/types.h>

#define EVENT_PANICKED BIT(0)
#define EVENT_CRASH_LOADED BIT(1)
#define EVENT_OOPS BIT(3)
#define EVENT_LOCKUP BIT(4)

struct pvpanic {
	struct device *dev;
	void __iomem *reg; /* one byte: reads as the events it offers, takes the one that happens */
	bool is_port;
	u8 events; /* what it offers */
	char name[40];
};

/* Which of the events that a device offers says oops; 0: none, the device is of no use. */
typedef u8 (*choose_event_t)(u8 offered);

/* Look for a device and watch the buses. Prints what is found, or why nothing is of use: -ENODEV.
 */
int pvpanic_watch(choose_event_t choose);
void pvpanic_unwatch(void);

/*
 * The device, or NULL. For any context; what it returns is good for as long as preemption is
 * disabled.
 */
const struct pvpanic *pvpanic_device(void);

#endif
