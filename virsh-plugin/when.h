/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Points in time and spans as people write them, the way systemd's and git's tools take them.
 */
#ifndef OOPSBT_PLUGIN_WHEN_H
#define OOPSBT_PLUGIN_WHEN_H

#include <glib.h>

#define WHEN_SYNTAX "'2026-11-22 21:45', '21:45', 'today', 'yesterday', '2h ago' or '-2h'"

/* Relative to @now, local time unless a zone is given; NULL: not understood. g_date_time_unref().
 */
GDateTime *when_parse(const char *text, GDateTime *now);

/* "7d", "2 hours", "1week 2d"; microseconds. False: not understood. */
gboolean when_parse_span(const char *text, GTimeSpan *span);

#endif
