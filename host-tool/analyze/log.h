/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adds the guest's log to a report: its records, the oops in them, and the title. */
#ifndef OOPSBT_ANALYZE_LOG_H
#define OOPSBT_ANALYZE_LOG_H

#include "analyze/analysis.h"
#include "kernel/oops-log.h"

/*
 * Did the CPU that oopsed serve an interrupt or a softirq? Such an oops always ends in a panic.
 * Uses the CPU's counts, unless its stacks show that an interrupt came after the fault.
 */
bool log_oops_in_interrupt(const struct report *report);

#endif
