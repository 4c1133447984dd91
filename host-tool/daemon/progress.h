/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Detects a pool of threads that makes no progress, for systemd's watchdog, which restarts a hung
 * daemon. A pool is stuck if it has work and none of it has ended for longer than any of it may
 * take. Not thread-safe; times are monotonic, in microseconds.
 */
#ifndef OOPSBT_DAEMON_PROGRESS_H
#define OOPSBT_DAEMON_PROGRESS_H

#include <glib.h>
#include <stdbool.h>

struct progress {
	unsigned int pending; /* waiting and running tasks */
	unsigned int endless; /* of these, tasks without a time limit: a dump of all memory */
	gint64 moved_us;      /* when the last one ended, or the first one came */
};

void progress_begin(struct progress *progress, bool endless, gint64 now_us);
void progress_end(struct progress *progress, bool endless, gint64 now_us);
bool progress_stands(const struct progress *progress, gint64 limit_us, gint64 now_us);

#endif
