/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of a collection whose analyser failed: only the daemon's own data. */
#ifndef OOPSBT_DAEMON_FALLBACK_H
#define OOPSBT_DAEMON_FALLBACK_H

#include "report/report.h"

bool fallback_write(const struct report_collection *collection, const char *title, int text_fd,
		    int json_fd, GError **error);

#endif
