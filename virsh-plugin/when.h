/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses times and durations in the formats of systemd and git. */
#ifndef OOPSBT_PLUGIN_WHEN_H
#define OOPSBT_PLUGIN_WHEN_H

#include <glib.h>

#define WHEN_SYNTAX "'2026-11-22 21:45', '21:45', 'today', 'yesterday', '2h ago' or '-2h'"

/* Relative to @now, in local time unless it has a zone; NULL: invalid. g_date_time_unref(). */
GDateTime *when_parse(const char *text, GDateTime *now);

/* "7d", "2 hours", "1week 2d"; in microseconds. False: invalid. */
gboolean when_parse_span(const char *text, GTimeSpan *span);

#endif
