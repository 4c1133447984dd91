/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the kernel's counters that show whether a CPU or a task stalls, for the daemon's stall
 * watch.
 */
#ifndef OOPSBT_ANALYZE_STALL_PLACES_H
#define OOPSBT_ANALYZE_STALL_PLACES_H

#include "analyze/analysis.h"

/* A struct protocol_stall for the CPUs that vCPUs run. Call it after the capture with a map. */
GBytes *stall_places(const struct analysis *analysis);

/*
 * Of struct protocol_blocked: the tasks that have been blocked longest. Call it when the report has
 * its tasks.
 */
GBytes *stall_blocked(const struct analysis *analysis);

#endif
