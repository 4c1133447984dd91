/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which records of a report's log belong to its incident. */
#ifndef OOPSBT_PLUGIN_STORY_H
#define OOPSBT_PLUGIN_STORY_H

#include <json-glib/json-glib.h>
#include <stdbool.h>

/*
 * The records from @first to the one before @end, as indexes: from the one with which the oops or
 * the complaint begins to the kernel's end marker or the end of the log. False: the log has none.
 */
bool story_in_log(JsonObject *report, guint *first, guint *end);

#endif
