/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "repeats_view.h"

#include <string.h>

#include "common/json.h"
#include "dumps.h"
#include "members.h"
#include "output.h"

/* { "records": [ { } ] } */
#define MAX_DEPTH 3

static char *short_time(GDateTime *time, GDateTime *against)
{
	g_autoptr(GDateTime) local = g_date_time_to_local(time);
	g_autoptr(GDateTime) other = g_date_time_to_local(against);
	bool same_day = g_date_time_get_day_of_year(local) == g_date_time_get_day_of_year(other) &&
			g_date_time_get_year(local) == g_date_time_get_year(other);

	return g_date_time_format(local, same_day ? "%H:%M" : "%Y-%m-%d %H:%M");
}

char *repeats_note(const struct store_entry *entry)
{
	g_autoptr(GDateTime) last =
		entry->repeated ? g_date_time_new_from_iso8601(entry->repeated, NULL) : NULL;
	g_autoptr(GDateTime) own = dumps_time(entry);
	g_autofree char *when = last ? short_time(last, own) : NULL;

	if (entry->repeats == 0)
		return g_strdup("");
	return g_strdup_printf(" (×%" G_GUINT64_FORMAT "%s%s)", entry->repeats + 1,
			       when ? ", last " : "", when ? when : "");
}

static void add_record(GString *view, JsonObject *record)
{
	g_autofree char *time = local_time(member_text(record, "time", NULL));
	gint64 cpu = member_number(record, "cpu", -1);
	gint64 lost = member_number(record, "not_collected", 0);
	const char *phase = member_text(record, "phase", NULL);

	g_string_append_printf(view, "  %s", time ? time : "-");
	if (cpu >= 0)
		g_string_append_printf(view, "  CPU %" G_GINT64_FORMAT, cpu);
	g_string_append_printf(view, "  %s", member_text(record, "title", "no title"));
	if (phase)
		g_string_append_printf(view, " (%s)", phase);
	if (lost > 0)
		g_string_append_printf(
			view, "; %" G_GINT64_FORMAT " signals before it were not collected", lost);
	g_string_append_c(view, '\n');
}

static GString *view_of(JsonObject *object)
{
	JsonArray *records = member_array(object, "records");
	guint listed = records ? json_array_get_length(records) : 0;
	gint64 count = member_number(object, "count", 0);
	GString *view;

	if (listed == 0)
		return NULL;
	view = g_string_new("\nThe same bug came again:\n");
	for (guint i = 0; i < listed; i++) {
		if (i == listed / 2 && count > (gint64)listed)
			g_string_append_printf(view, "  ... %" G_GINT64_FORMAT " more ...\n",
					       count - (gint64)listed);
		add_record(view, element_object(records, i));
	}
	return view;
}

GString *repeats_view(const char *text, size_t length)
{
	JsonObject *object = untrusted_json_parse(text, length, MAX_DEPTH, NULL);
	GString *view = object ? view_of(object) : NULL;

	if (object)
		json_object_unref(object);
	return view;
}

char *repeats_into_report(const char *report, size_t report_length, const char *text, size_t length)
{
	GString *whole;

	while (report_length > 0 && report[report_length - 1] != '}')
		report_length--;
	if (report_length < 2)
		return g_strndup(report, report_length);
	whole = g_string_new_len(report, (gssize)report_length - 1);
	while (whole->len > 1 && g_ascii_isspace(whole->str[whole->len - 1]))
		g_string_truncate(whole, whole->len - 1);
	g_string_append(whole, ",\n\"repeats\": ");
	g_string_append_len(whole, text, (gssize)length);
	g_string_append(whole, "\n}\n");
	return g_string_free(whole, FALSE);
}
