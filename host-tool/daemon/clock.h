/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formats times for reports. */
#ifndef OOPSBT_DAEMON_CLOCK_H
#define OOPSBT_DAEMON_CLOCK_H

#include <glib.h>

/* Microseconds since the epoch as RFC 3339 in UTC: "2026-11-22T21:45:01.123456Z". g_free(). */
char *clock_rfc3339(gint64 real_time_us);

#endif
