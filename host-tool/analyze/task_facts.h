/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tasks of a report, if requested (collection.tasks): the tasks to show, what each waits for,
 * the holders, and the chains.
 */
#ifndef OOPSBT_ANALYZE_TASK_FACTS_H
#define OOPSBT_ANALYZE_TASK_FACTS_H

#include "analyze/analysis.h"

/*
 * Call it while the guest is frozen. It takes a fiftieth of the budget at most, or 4 ms (which is
 * the same for the default budget); the rest is read later and marked late.
 */
void task_facts_capture(const struct analysis *analysis);

/* Call it after the CPUs are filled. */
void task_facts_fill(struct analysis *analysis);

/*
 * Drops the backtrace of each task that ran while its stack was read late, and fills the chains.
 * Call it with the log's snapshot, which reads memory again.
 */
void task_facts_conclude(struct analysis *analysis);

#endif
