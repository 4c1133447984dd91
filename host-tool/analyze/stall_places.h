/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a kernel counts what tells that a CPU, or a task, stands still: for the daemon's stall
 * watch. */
#ifndef OOPSBT_ANALYZE_STALL_PLACES_H
#define OOPSBT_ANALYZE_STALL_PLACES_H

#include "analyze/analysis.h"

/* A struct protocol_stall, of the CPUs that vCPUs run; once captured with a map. */
GBytes *stall_places(const struct analysis *analysis);

/* Of struct protocol_blocked: the tasks that have been blocked longest; when the report has its
 * tasks. */
GBytes *stall_blocked(const struct analysis *analysis);

#endif
