/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's log in a report: its records, the oops they tell of, and the title that makes. */
#ifndef OOPSBT_ANALYZE_LOG_H
#define OOPSBT_ANALYZE_LOG_H

#include "analyze/analysis.h"
#include "kernel/oops-log.h"

/*
 * Did the CPU that oopsed serve an interrupt or a softirq then? Nothing but a panic comes of that.
 * By the CPU's counts, unless its stacks show that they are of an interrupt that came after the
 * fault.
 */
bool log_oops_in_interrupt(const struct report *report);

#endif
