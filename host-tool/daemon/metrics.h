/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the metrics file (metrics_text.h, metrics_file.h): after changes, at most once a second,
 * and every ten seconds, since it contains ages. If writing fails, logs one warning and goes on.
 * While a write hangs, nothing waits for it. For the main thread only.
 */
#ifndef OOPSBT_DAEMON_METRICS_H
#define OOPSBT_DAEMON_METRICS_H

#include "daemon/collection.h"

struct domains;
struct metrics;

/* @all must outlive it. */
struct metrics *metrics_new(struct domains *all);
/* Removes the file. No task is running any more. */
void metrics_free(struct metrics *metrics);

void metrics_changed(struct metrics *metrics);
/*
 * A dump was stored. @deferred: its signal waited for the rate limit, so its times are not counted.
 */
void metrics_stored(struct metrics *metrics, const struct collection_times *times, bool deferred);

#endif
