/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tasks of a report, where it is to have them (collection.tasks): which are shown, what each
 * waits for and who has it, and where the chains of waiting end.
 */
#ifndef OOPSBT_ANALYZE_TASK_FACTS_H
#define OOPSBT_ANALYZE_TASK_FACTS_H

#include "analyze/analysis.h"

/* While the guest is frozen, for 4 ms at most: what is missed then is read later, and says so. */
void task_facts_capture(const struct analysis *analysis);

/* After the CPUs are filled in. */
void task_facts_fill(struct analysis *analysis);

/*
 * When the log's snapshot is there, which reads anew: a task that has run while its stack was read
 * late has no backtrace. Then the chains.
 */
void task_facts_conclude(struct analysis *analysis);

#endif
