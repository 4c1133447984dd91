/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The analyser as a child process. A pool keeps some started and waiting (spares), so that a
 * collection does not pay for it: each is in its sandbox, has seen no guest, and serves one job.
 * They end when this process does. What an analyser says is input, not truth: see dialogue.h and
 * output.h.
 */
#ifndef OOPSBT_DAEMON_ANALYZER_H
#define OOPSBT_DAEMON_ANALYZER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct analyzer_limits {
	uint64_t memory;    /* bytes of address space; 0: none */
	uint64_t file_size; /* bytes, of each file it writes */
	unsigned int cpu_seconds;
	unsigned int wall_seconds; /* for one job, whole */
};

struct analyzer_pool;
struct analyzer;

struct analyzer_pool *analyzer_pool_new(const struct analyzer_limits *limits);
void analyzer_pool_free(struct analyzer_pool *pool);
struct analyzer_limits analyzer_pool_limits(struct analyzer_pool *pool);
/* The limits of analysers that are started from now on. Spares with other limits are ended. */
void analyzer_pool_set_limits(struct analyzer_pool *pool, const struct analyzer_limits *limits);

/* How many are alive and wait. */
unsigned int analyzer_pool_num_spares(struct analyzer_pool *pool);

/* Starts spares until @num_spares wait, in place of those that died too. */
bool analyzer_pool_fill(struct analyzer_pool *pool, unsigned int num_spares, GError **error);

/* Ends spares until no more than @num_spares wait. */
void analyzer_pool_trim(struct analyzer_pool *pool, unsigned int num_spares);

/* A spare that is alive, or a new one. */
struct analyzer *analyzer_take(struct analyzer_pool *pool, GError **error);

/* Starts a new one, for a job that is in no hurry: the spares stay for urgent jobs. */
struct analyzer *analyzer_start(struct analyzer_pool *pool, GError **error);

/* The control socket. */
int analyzer_socket(const struct analyzer *analyzer);

/* From any thread. Closes the socket, so that nobody waits for the analyser any more. */
void analyzer_cancel(struct analyzer *analyzer);

/*
 * Ends it, by force if it does not end by itself at once, and frees it. NULL: it ended well.
 * Otherwise how it ended, with the end of its standard error, clean: g_free().
 */
char *analyzer_end(struct analyzer *analyzer);

#endif
