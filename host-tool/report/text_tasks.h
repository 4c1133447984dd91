/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tasks that are on no CPU, in report.txt: at its top what stands still, below who and where.
 */
#ifndef OOPSBT_REPORT_TEXT_TASKS_H
#define OOPSBT_REPORT_TEXT_TASKS_H

#include "report/report.h"

/* Nothing where no tasks were asked for. */
void text_chains(GString *text, const struct report_tasks *tasks);
void text_tasks(GString *text, const struct report_tasks *tasks);

#endif
