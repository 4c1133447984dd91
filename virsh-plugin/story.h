/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the records of an incident in a report's log. */
#ifndef OOPSBT_PLUGIN_STORY_H
#define OOPSBT_PLUGIN_STORY_H

#include <json-glib/json-glib.h>
#include <stdbool.h>

/*
 * The records from index @first up to, but not including, @end: from the start of the oops or the
 * complaint to the kernel's end marker or the end of the log. False: the log has none.
 */
bool story_in_log(JsonObject *report, guint *first, guint *end);

#endif
