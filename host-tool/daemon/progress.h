/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the work of a pool of threads goes on: for systemd's watchdog, which restarts a daemon
 * that runs but does nothing. A pool stands when it has work and none of it has ended for a time
 * that is longer than any of it may take. Of one thread; times are monotonic, in microseconds.
 */
#ifndef OOPSBT_DAEMON_PROGRESS_H
#define OOPSBT_DAEMON_PROGRESS_H

#include <glib.h>
#include <stdbool.h>

struct progress {
	unsigned int pending; /* tasks that wait or run */
	unsigned int endless; /* of these, those that may take any time: a dump of all memory */
	gint64 moved_us;      /* when one ended last, or the first one came */
};

void progress_begin(struct progress *progress, bool endless, gint64 now_us);
void progress_end(struct progress *progress, bool endless, gint64 now_us);
bool progress_stands(const struct progress *progress, gint64 limit_us, gint64 now_us);

#endif
