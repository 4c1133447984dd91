/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tasks of a report, from report.json: all as a table, or one with its backtrace. */
#ifndef OOPSBT_PLUGIN_TASK_VIEW_H
#define OOPSBT_PLUGIN_TASK_VIEW_H

#include <json-glib/json-glib.h>

/* NULL with an error if the report has no tasks, or not this one. g_string_free(). */
GString *tasks_view(JsonObject *report, GError **error);
GString *task_view(JsonObject *report, guint64 pid, GError **error);

/* Appends a line and the backtrace of @task of a report. */
void task_append(GString *text, JsonObject *task);

#endif
