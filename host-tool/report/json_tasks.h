/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The member "tasks" of report.json; absent if no tasks were requested. */
#ifndef OOPSBT_REPORT_JSON_TASKS_H
#define OOPSBT_REPORT_JSON_TASKS_H

#include "report/json_writer.h"
#include "report/report.h"

void json_tasks(struct json_writer *writer, const struct report_tasks *tasks);

#endif
