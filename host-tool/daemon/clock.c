/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/clock.h"

char *clock_rfc3339(gint64 real_time_us)
{
	g_autoptr(GDateTime) second = g_date_time_new_from_unix_utc(real_time_us / G_USEC_PER_SEC);
	g_autofree char *text = g_date_time_format(second, "%Y-%m-%dT%H:%M:%S");

	return g_strdup_printf("%s.%06dZ", text, (int)(real_time_us % G_USEC_PER_SEC));
}
