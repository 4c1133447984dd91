/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The analyser as a child process. A pool keeps some started analysers waiting (spares), so that a
 * collection need not wait for a start. Each is in its sandbox, has seen no guest, and serves one
 * job. They end when this process does. The output of an analyser is untrusted: see dialogue.h and
 * output.h.
 */
#ifndef OOPSBT_DAEMON_ANALYZER_H
#define OOPSBT_DAEMON_ANALYZER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct analyzer_limits {
	uint64_t memory;    /* bytes of address space; 0: unlimited */
	uint64_t file_size; /* bytes of each file that it writes */
	unsigned int cpu_seconds;
	unsigned int wall_seconds; /* for a whole job */
};

struct analyzer_pool;
struct analyzer;

struct analyzer_pool *analyzer_pool_new(const struct analyzer_limits *limits);
void analyzer_pool_free(struct analyzer_pool *pool);
struct analyzer_limits analyzer_pool_limits(struct analyzer_pool *pool);
/* Sets the limits for analysers that are started from now on. Ends spares with other limits. */
void analyzer_pool_set_limits(struct analyzer_pool *pool, const struct analyzer_limits *limits);

/* The number of live spares. */
unsigned int analyzer_pool_num_spares(struct analyzer_pool *pool);

/* Starts spares until @num_spares are waiting; also replaces dead ones. */
bool analyzer_pool_fill(struct analyzer_pool *pool, unsigned int num_spares, GError **error);

/* Ends spares until at most @num_spares are waiting. */
void analyzer_pool_trim(struct analyzer_pool *pool, unsigned int num_spares);

/* Returns a live spare, or a new analyser. */
struct analyzer *analyzer_take(struct analyzer_pool *pool, GError **error);

/* Starts a new one for a job that is not urgent; the spares stay for urgent jobs. */
struct analyzer *analyzer_start(struct analyzer_pool *pool, GError **error);

/* The control socket. */
int analyzer_socket(const struct analyzer *analyzer);

/* Thread-safe. Closes the socket, so that no caller waits for the analyser. */
void analyzer_cancel(struct analyzer *analyzer);

/*
 * Ends and frees it, by force if it does not end by itself at once. NULL: it succeeded. Otherwise
 * the reason, with the end of its standard error, clean: g_free().
 */
char *analyzer_end(struct analyzer *analyzer);

#endif
