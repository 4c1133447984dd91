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

#endif
