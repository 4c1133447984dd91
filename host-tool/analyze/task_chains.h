/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who waits for whom: each task that waits for one that is known leads to a chain, which ends where
 * a task waits for nobody that is known, or comes back to one of its own: a deadlock. A chain that
 * is the end of a longer one is not told again.
 */
#ifndef OOPSBT_ANALYZE_TASK_CHAINS_H
#define OOPSBT_ANALYZE_TASK_CHAINS_H

#include "report/report.h"

/* From the holders of report->tasks.shown. */
void task_chains_fill(struct report *report);

/* The task that has been blocked for the longest time; NULL: none is. */
const struct report_sleeper *task_chains_longest(const struct report *report);

/*
 * The chain that tells why tasks hang: a deadlock, or one that has lasted for at least half as long
 * as the longest wait. What has just begun to wait is what any guest has. NULL: none.
 */
const struct report_chain *task_chains_telling(const struct report *report);

/*
 * The task by which a hang is told: of the chain above the last one that sleeps, unless that is a
 * deadlock, which has no last one; else the one blocked for the longest time. NULL: none.
 */
const struct report_sleeper *task_chains_cause(const struct report *report);

#endif
