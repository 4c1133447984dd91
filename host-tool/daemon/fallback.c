/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/fallback.h"

#include "daemon/output.h"

bool fallback_write(const struct report_collection *collection, const char *title, int text_fd,
		    int json_fd, GError **error)
{
	g_autoptr(Report) report = report_new();
	g_autoptr(GString) text = NULL;
	g_autoptr(GString) json = NULL;

	/* The report only borrowed them for rendering. */
	g_clear_pointer(&report->collection.errors, g_ptr_array_unref);
	report->collection = *collection;
	report->title = g_strdup(title);
	text = report_to_text(report);
	json = report_to_json(report);
	report->collection = (struct report_collection){0};
	return output_write(text_fd, text->str, text->len, error) &&
	       output_write(json_fd, json->str, json->len, error);
}
