/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/store_id.h"

#include <string.h>

#define TIME_LENGTH 16 /* 20261122T214501Z */

static bool all_digits(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!g_ascii_isdigit(text[i]))
			return false;
	}
	return length > 0;
}

bool store_id_is_valid(const char *name)
{
	return strlen(name) > TIME_LENGTH + 1 && all_digits(name, 8) && name[8] == 'T' &&
	       all_digits(name + 9, 6) && name[15] == 'Z' && name[TIME_LENGTH] == '-' &&
	       all_digits(name + TIME_LENGTH + 1, strlen(name + TIME_LENGTH + 1));
}

const char *store_id_hidden(const char *name)
{
	const char *id = NULL;

	if (g_str_has_prefix(name, STORE_ID_BUILDING))
		id = name + strlen(STORE_ID_BUILDING);
	else if (g_str_has_prefix(name, STORE_ID_REMOVING))
		id = name + strlen(STORE_ID_REMOVING);
	return id && store_id_is_valid(id) ? id : NULL;
}

guint64 store_id_number(const char *id)
{
	return g_ascii_strtoull(id + TIME_LENGTH + 1, NULL, 10);
}

int store_id_compare(const char *a, const char *b)
{
	guint64 a_number = store_id_number(a);
	guint64 b_number = store_id_number(b);
	int by_number = (a_number > b_number) - (a_number < b_number);
	int by_time = strncmp(a, b, TIME_LENGTH);

	if (a_number < STORE_ID_FIRST_NUMBER && b_number < STORE_ID_FIRST_NUMBER)
		return by_time ? by_time : by_number;
	return by_number ? by_number : by_time;
}

static char *format_time(GDateTime *time)
{
	return g_date_time_format(time, "%Y%m%dT%H%M%SZ");
}

char *store_id_new(guint64 number)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *time = format_time(now);

	return g_strdup_printf("%s-%" G_GUINT64_FORMAT, time, number);
}

char *store_id_of_days_ago(unsigned int days)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autoptr(GDateTime) then = g_date_time_add_days(now, -(int)days);

	return then ? format_time(then) : g_strdup("");
}

bool store_id_is_earlier(const char *id, const char *time)
{
	return strncmp(id, time, TIME_LENGTH) < 0;
}

GDateTime *store_id_time(const char *id)
{
	g_autofree char *time = g_strndup(id, TIME_LENGTH);

	return g_date_time_new_from_iso8601(time, NULL);
}
