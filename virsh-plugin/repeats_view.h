/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shows repeats of a dump's bug: its light records (common/store_repeats.h), as text and as JSON.
 */
#ifndef OOPSBT_PLUGIN_REPEATS_VIEW_H
#define OOPSBT_PLUGIN_REPEATS_VIEW_H

#include <json-glib/json-glib.h>

#include "common/store_entry.h"

/*
 * " (×14, last 12:03)": the number of incidents of its bug including the dump; "" for one.
 * g_free().
 */
char *repeats_note(const struct store_entry *entry);

/* The records as text, one a line; NULL: the file is invalid. */
GString *repeats_view(const char *text, size_t length);

/* report.json, an object, with the records as its member `repeats`. g_free(). */
char *repeats_into_report(const char *report, size_t report_length, const char *text,
			  size_t length);

#endif
