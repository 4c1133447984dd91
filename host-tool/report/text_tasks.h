/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tasks that are on no CPU, in report.txt: at its top what stands still, below who and where.
 */
#ifndef OOPSBT_REPORT_TEXT_TASKS_H
#define OOPSBT_REPORT_TEXT_TASKS_H

#include "report/report.h"

/* Nothing where no tasks were asked for. @told: text that has a chain already; or NULL. */
void text_chains(GString *text, const struct report_tasks *tasks, const char *told);
void text_tasks(GString *text, const struct report_tasks *tasks);

#endif
