/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's clocks, from struct timekeeper (include/linux/timekeeper_internal.h). The kernel
 * updates it at each tick of some CPU; the values are those of the last update.
 *
 * 	up to 6.12	tk_core: a sequence count and the timekeeper, in an unnamed structure
 * 	6.13 to 6.16	tk_core: struct tk_data
 * 	from 6.17	timekeeper_data[]: of struct tk_data; the first is the core's
 */
#ifndef OOPSBT_KERNEL_TIMEKEEPER_H
#define OOPSBT_KERNEL_TIMEKEEPER_H

#include "base/maybe.h"
#include "kernel/kernel.h"

struct timekeeper {
	uint64_t uptime_s; /* CLOCK_MONOTONIC, seconds since boot */
	/* CLOCK_REALTIME in us since 1970, UTC; unknown if it was read after the thaw. */
	struct maybe_int wall_us;
};

/* Reads the timekeeper into the snapshot; call it while the guest is frozen. */
void timekeeper_capture(const struct kernel *kernel);

/* Guest-physical address of the seconds since boot (8 bytes); 0: unknown. */
uint64_t timekeeper_uptime_location(const struct kernel *kernel);

bool timekeeper_read(const struct kernel *kernel, struct timekeeper *timekeeper, GError **error);

#endif
