/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps the metrics file (metrics_text.h, metrics_file.h) true: it is written when something
 * changes, at most once a second, and every ten seconds, as ages are in it. Where it can't be
 * written there is one warning, and the daemon goes on. The main thread's.
 */
#ifndef OOPSBT_DAEMON_METRICS_H
#define OOPSBT_DAEMON_METRICS_H

#include "daemon/collection.h"

struct domains;
struct metrics;

/* Of @all, which outlives it. */
struct metrics *metrics_new(struct domains *all);
/* Removes the file. */
void metrics_free(struct metrics *metrics);

void metrics_changed(struct metrics *metrics);
/* A dump is stored. @deferred: its signal waited for the rate limit, so times from it tell nothing.
 */
void metrics_stored(struct metrics *metrics, const struct collection_times *times, bool deferred);

#endif
