/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures a frozen guest whose kernel is not known yet. */
#ifndef OOPSBT_KERNEL_COLD_H
#define OOPSBT_KERNEL_COLD_H

#include "guest/registers.h"
#include "guest/snapshot.h"

/*
 * Reads the memory around each vCPU's registers where its state usually lies. A snapshot has a page
 * limit, and the analysis needs some of its pages. If the variables of all CPUs do not fit, most
 * CPUs get only the variables that lead to the current task. Returns the number of vCPUs, from the
 * first on, that were captured.
 */
guint capture_cold(struct snapshot *snapshot, const GArray *vcpus);

#endif
