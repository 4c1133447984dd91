/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a dump's bug came again: its light records (common/store_repeats.h), in words and as JSON.
 */
#ifndef OOPSBT_PLUGIN_REPEATS_VIEW_H
#define OOPSBT_PLUGIN_REPEATS_VIEW_H

#include <json-glib/json-glib.h>

#include "common/store_entry.h"

/* " (×14, last 12:03)": how often its bug came, with the dump itself; "" if once. g_free(). */
char *repeats_note(const struct store_entry *entry);

/* The file of records, one a line; NULL: it is not what it should be. */
GString *repeats_view(const char *text, size_t length);

/* report.json, an object, with the file of records as its member `repeats`. g_free(). */
char *repeats_into_report(const char *report, size_t report_length, const char *text,
			  size_t length);

#endif
