/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tasks that are on no CPU: what each waits for and, folded, its stack. */
#ifndef OOPSBT_PLUGIN_HTML_TASKS_H
#define OOPSBT_PLUGIN_HTML_TASKS_H

#include <json-glib/json-glib.h>

#include "html_writer.h"

/* Writes nothing if the report has no tasks. */
void html_tasks(struct html *html, JsonObject *report);

#endif
