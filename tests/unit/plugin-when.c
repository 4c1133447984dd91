/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <stdlib.h>

#include "../../virsh-plugin/when.h"

static void test_points_in_time(void)
{
	static const struct {
		const char *text;
		const char *utc; /* NULL: invalid */
	} cases[] = {
		{"now", "2026-11-22T12:30:45Z"},
		{"today", "2026-11-22T00:00:00Z"},
		{"yesterday", "2026-11-21T00:00:00Z"},
		{"tomorrow", "2026-11-23T00:00:00Z"},
		{"2026-11-20", "2026-11-20T00:00:00Z"},
		{"2026-11-20 21:45", "2026-11-20T21:45:00Z"},
		{"2026-11-20 21:45:06", "2026-11-20T21:45:06Z"},
		{"21:45", "2026-11-22T21:45:00Z"},
		{"2026-11-20T21:45:06Z", "2026-11-20T21:45:06Z"},
		{"2026-11-20T21:45:06+01:00", "2026-11-20T20:45:06Z"},
		{"-1h", "2026-11-22T11:30:45Z"},
		{"+1min", "2026-11-22T12:31:45Z"},
		{"2 days ago", "2026-11-20T12:30:45Z"},
		{"1week 2d ago", "2026-11-13T12:30:45Z"},
		{"", NULL},
		{"never", NULL},
		{"2026-13-01", NULL},
		{"2026-11-20 25:00", NULL},
		{"21:45:06:07", NULL},
		{"21:45 o'clock", NULL},
		{"-1", NULL},
		{"-h", NULL},
		{"- 1h", "2026-11-22T11:30:45Z"},
		{"-99999999999999999999s", NULL},
	};
	g_autoptr(GDateTime) now = g_date_time_new_utc(2026, 11, 22, 12, 30, 45);
	g_autoptr(GDateTime) local = g_date_time_to_local(now);

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GDateTime) when = when_parse(cases[i].text, local);
		g_autoptr(GDateTime) utc = when ? g_date_time_to_utc(when) : NULL;
		g_autofree char *text = utc ? g_date_time_format_iso8601(utc) : NULL;

		g_test_message("%s", cases[i].text);
		g_assert_cmpstr(text, ==, cases[i].utc);
	}
}

static void test_spans(void)
{
	static const struct {
		const char *text;
		GTimeSpan seconds; /* -1: invalid */
	} cases[] = {
		{"7d", 7 * 86400}, {"2 hours", 7200}, {"1h30min", 5400}, {"1week 2d", 9 * 86400},
		{"0s", 0},	   {"", -1},	      {"7", -1},	 {"d", -1},
		{"7x", -1},	   {"-7d", -1},	      {"7d ago", -1},	 {"1000001d", -1},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		GTimeSpan span = 0;
		gboolean good = when_parse_span(cases[i].text, &span);

		g_test_message("%s", cases[i].text);
		g_assert_cmpint(good ? span / G_TIME_SPAN_SECOND : -1, ==, cases[i].seconds);
	}
}

int main(int argc, char **argv)
{
	setenv("TZ", "UTC", 1);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/when/points", test_points_in_time);
	g_test_add_func("/when/spans", test_spans);
	return g_test_run();
}
