/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chains of waiting tasks. Each task that waits for a known task begins a chain. The chain ends at
 * a task that waits for no known task, or returns to one of its own tasks: a deadlock. A chain that
 * is the end of a longer one is left out.
 */
#ifndef OOPSBT_ANALYZE_TASK_CHAINS_H
#define OOPSBT_ANALYZE_TASK_CHAINS_H

#include "report/report.h"

/* Fills the chains from the holders in report->tasks.shown. */
void task_chains_fill(struct report *report);

/* The task that has been blocked for the longest time; NULL: none is. */
const struct report_sleeper *task_chains_longest(const struct report *report);

/*
 * The chain that explains why tasks hang: a deadlock, or a chain at least half as old as the
 * longest wait. A new chain occurs in any guest. NULL: none.
 */
const struct report_chain *task_chains_telling(const struct report *report);

/*
 * The task that explains the hang: the last sleeping task of the chain above, unless that is a
 * deadlock, which has no last task; else the task that has been blocked longest. NULL: none.
 */
const struct report_sleeper *task_chains_cause(const struct report *report);

#endif
