/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's clocks: struct timekeeper (include/linux/timekeeper_internal.h), as the kernel last
 * brought it up to date, which it does at each tick of some CPU.
 *
 *	up to 6.12	tk_core: a sequence count and the timekeeper, in a structure without name
 *	6.13 to 6.16	tk_core: struct tk_data
 *	from 6.17	timekeeper_data[]: of struct tk_data, the core's first
 */
#ifndef OOPSBT_KERNEL_TIMEKEEPER_H
#define OOPSBT_KERNEL_TIMEKEEPER_H

#include "base/maybe.h"
#include "kernel/kernel.h"

struct timekeeper {
	uint64_t uptime_s; /* CLOCK_MONOTONIC, seconds since boot */
	/* CLOCK_REALTIME in us since 1970, UTC; not known where it was read after the thaw. */
	struct maybe_int wall_us;
};

/* Reads it into the snapshot, to be done while the guest is frozen. */
void timekeeper_capture(const struct kernel *kernel);

/* Where it keeps the seconds since boot (8 bytes), guest-physical; 0: not known. */
uint64_t timekeeper_uptime_location(const struct kernel *kernel);

bool timekeeper_read(const struct kernel *kernel, struct timekeeper *timekeeper, GError **error);

#endif
