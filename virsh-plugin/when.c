/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "when.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *names; /* separated by blanks */
	GTimeSpan span;
} units[] = {
	{" s sec secs second seconds ", G_TIME_SPAN_SECOND},
	{" m min mins minute minutes ", G_TIME_SPAN_MINUTE},
	{" h hr hour hours ", G_TIME_SPAN_HOUR},
	{" d day days ", G_TIME_SPAN_DAY},
	{" w week weeks ", 7 * G_TIME_SPAN_DAY},
	{" month months ", 30 * G_TIME_SPAN_DAY},
	{" y year years ", 365 * G_TIME_SPAN_DAY},
};

static GTimeSpan unit_span(const char *name, size_t length)
{
	g_autofree char *wanted = g_strdup_printf(" %.*s ", (int)length, name);

	for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
		if (strstr(units[i].names, wanted))
			return units[i].span;
	}
	return 0;
}

gboolean when_parse_span(const char *text, GTimeSpan *span)
{
	*span = 0;
	text += strspn(text, " ");
	if (!*text)
		return FALSE;
	while (*text) {
		char *end;
		guint64 count = g_ascii_strtoull(text, &end, 10);
		size_t length;
		GTimeSpan unit;

		if (!g_ascii_isdigit(*text) || count > 100000)
			return FALSE;
		text = end + strspn(end, " ");
		length = strspn(text, "abcdefghijklmnopqrstuvwxyz");
		unit = unit_span(text, length);
		if (!unit)
			return FALSE;
		*span += (GTimeSpan)count * unit;
		text += length;
		text += strspn(text, " ");
	}
	return TRUE;
}

static GDateTime *midnight(GDateTime *now, int days)
{
	g_autoptr(GDateTime) day = g_date_time_add_days(now, days);

	return g_date_time_new_local(g_date_time_get_year(day), g_date_time_get_month(day),
				     g_date_time_get_day_of_month(day), 0, 0, 0);
}

static GDateTime *parse_word(const char *text, GDateTime *now)
{
	if (strcmp(text, "now") == 0)
		return g_date_time_ref(now);
	if (strcmp(text, "today") == 0)
		return midnight(now, 0);
	if (strcmp(text, "yesterday") == 0)
		return midnight(now, -1);
	if (strcmp(text, "tomorrow") == 0)
		return midnight(now, 1);
	return NULL;
}

static GDateTime *parse_relative(const char *text, GDateTime *now)
{
	g_autofree char *span_text = NULL;
	GTimeSpan span;

	if (text[0] == '-' || text[0] == '+')
		span_text = g_strdup(text + 1);
	else if (g_str_has_suffix(text, " ago"))
		span_text = g_strndup(text, strlen(text) - strlen(" ago"));
	if (!span_text || !when_parse_span(span_text, &span))
		return NULL;
	return g_date_time_add(now, text[0] == '+' ? span : -span);
}

/* "YYYY-MM-DD" at the beginning; without a date nothing changes. */
static const char *skip_date(const char *text, int *year, int *month, int *day)
{
	int parts[3];
	int used = 0;

	if (sscanf(text, "%4d-%2d-%2d%n", &parts[0], &parts[1], &parts[2], &used) != 3)
		return text;
	*year = parts[0];
	*month = parts[1];
	*day = parts[2];
	return text + used;
}

static GDateTime *parse_clock(const char *text, GDateTime *now)
{
	int year = g_date_time_get_year(now);
	int month = g_date_time_get_month(now);
	int day = g_date_time_get_day_of_month(now);
	const char *rest = skip_date(text, &year, &month, &day);
	int hour = 0;
	int minute = 0;
	int second = 0;
	int used = 0;

	if (rest != text) {
		if (!*rest)
			return g_date_time_new_local(year, month, day, 0, 0, 0);
		if (*rest++ != ' ')
			return NULL;
	}
	if (sscanf(rest, "%2d:%2d%n", &hour, &minute, &used) != 2)
		return NULL;
	rest += used;
	used = 0;
	if (*rest && (sscanf(rest, ":%2d%n", &second, &used) != 1 || rest[used]))
		return NULL;
	return g_date_time_new_local(year, month, day, hour, minute, second);
}

GDateTime *when_parse(const char *text, GDateTime *now)
{
	GDateTime *when = parse_word(text, now);

	if (!when)
		when = parse_relative(text, now);
	if (!when)
		when = parse_clock(text, now);
	if (!when) {
		g_autoptr(GTimeZone) zone = g_time_zone_new_local();

		when = g_date_time_new_from_iso8601(text, zone);
	}
	return when;
}
