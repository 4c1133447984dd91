/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tasks that are on no CPU, in report.txt: what stalls at its top, the tasks and their places
 * below.
 */
#ifndef OOPSBT_REPORT_TEXT_TASKS_H
#define OOPSBT_REPORT_TEXT_TASKS_H

#include "report/report.h"

/* Writes nothing if no tasks were requested. @told: text that has a chain already; or NULL. */
void text_chains(GString *text, const struct report_tasks *tasks, const char *told);
void text_tasks(GString *text, const struct report_tasks *tasks);

#endif
