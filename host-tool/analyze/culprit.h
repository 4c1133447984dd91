/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the code to blame if no text of an oops names it, and makes the fingerprint. */
#ifndef OOPSBT_ANALYZE_CULPRIT_H
#define OOPSBT_ANALYZE_CULPRIT_H

#include "report/report.h"

/*
 * The stalled CPU. For an RCU stall without a known CPU: the one that runs the reader below; if
 * there is no reader, the one that has been in the kernel with one task for long, of those for
 * which the grace period waits, a task in a read-side critical section first. NULL: unknown, or the
 * reader does not run.
 */
const struct report_vcpu *culprit_cpu(const struct report *report);

/* For an RCU stall: the oldest of the tasks that hold up the grace period. NULL: none is known. */
const struct report_sleeper *culprit_reader(const struct report *report);

/*
 * Blames the code in which the stalled CPU was seen, below interrupts, which are not to blame, or
 * in which the RCU reader was switched out. The fingerprint depends on the loop that the CPU is in.
 */
void culprit_of_stall(const struct report *report, struct blame *blame);

/* Blames the functions in which the tasks of a deadlock wait. */
void culprit_of_deadlock(const struct report *report, const struct report_chain *chain,
			 struct blame *blame);

/* Call it when everything else is filled, including the title. */
void culprit_conclude(struct report *report);

#endif
