/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must be read of a frozen guest whose kernel is not known yet. */
#ifndef OOPSBT_KERNEL_COLD_H
#define OOPSBT_KERNEL_COLD_H

#include "guest/registers.h"
#include "guest/snapshot.h"

/*
 * Reads the memory around each vCPU's registers in which its state usually lies. A snapshot
 * holds so many pages, and the analysis needs some: where all of each CPU's variables do not fit,
 * of most CPUs only those by which their current task is found are read. Returns how many of the
 * vCPUs, from the first on, there was room for.
 */
guint capture_cold(struct snapshot *snapshot, const GArray *vcpus);

#endif
