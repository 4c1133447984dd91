/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/moment.h"

#include <inttypes.h>
#include <stdio.h>

#define US_PER_DAY (86400 * (int64_t)G_USEC_PER_SEC)

static void first_of_1970(GDate *date)
{
	g_date_clear(date, 1);
	g_date_set_dmy(date, 1, G_DATE_JANUARY, 1970);
}

/* Does not use the C library, which may open time zone files; the sandbox has none. */
bool moment_parse(const char *when, int64_t *us)
{
	unsigned int year, month, day, hour, minute, second, fraction;
	GDate date, start;

	if (!when || sscanf(when, "%4u-%2u-%2uT%2u:%2u:%2u.%6uZ", &year, &month, &day, &hour,
			    &minute, &second, &fraction) != 7)
		return false;
	if (!g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year))
		return false;
	g_date_clear(&date, 1);
	g_date_set_dmy(&date, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
	first_of_1970(&start);
	*us = (int64_t)g_date_days_between(&start, &date) * US_PER_DAY +
	      (hour * 3600 + minute * 60 + second) * (int64_t)G_USEC_PER_SEC + fraction;
	return true;
}

char *moment_format(int64_t us)
{
	int64_t seconds = us % US_PER_DAY / G_USEC_PER_SEC;
	GDate date;

	first_of_1970(&date);
	g_date_add_days(&date, (guint)(us / US_PER_DAY));
	return g_strdup_printf(
		"%04d-%02d-%02dT%02" PRId64 ":%02" PRId64 ":%02" PRId64 ".%06" PRId64 "Z",
		g_date_get_year(&date), (int)g_date_get_month(&date), g_date_get_day(&date),
		seconds / 3600, seconds / 60 % 60, seconds % 60, us % G_USEC_PER_SEC);
}

struct maybe_int moment_clock_offset_us(const struct report *report)
{
	const struct maybe_int *wall = &report->guest.wall_us;
	int64_t frozen_us;

	if (!wall->known || !moment_parse(report->collection.frozen, &frozen_us))
		return (struct maybe_int){0};
	return (struct maybe_int){true, wall->value - frozen_us};
}
