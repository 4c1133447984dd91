/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's side of the conversation with one analyser about one job (common/protocol.h).
 */
#ifndef OOPSBT_DAEMON_DIALOGUE_H
#define OOPSBT_DAEMON_DIALOGUE_H

#include <gio/gio.h>

#include "common/context.h"
#include "common/protocol.h"
#include "daemon/analyzer.h"
#include "daemon/layout.h"

struct dialogue {
	struct analyzer *analyzer; /* NULL: it could not be started, or has ended */
	virDomainPtr domain;	   /* borrowed; for memory it asks for */
	struct layout *layout;	   /* borrowed */
	GCancellable *cancellable; /* borrowed, may be NULL */
	gulong cancel_id;
	gint64 deadline;  /* monotonic, µs */
	uint64_t relayed; /* bytes of guest memory handed over so far */

	/* What it said. */
	bool ready;
	struct protocol_verdict verdict; /* .known is 0 until it came */
	GBytes *map;			 /* a new kernel map, or NULL */
	GBytes *stall;			 /* a struct protocol_stall, as it came; or NULL */
	GBytes *blocked;		 /* of struct protocol_blocked, as it came; or NULL */
	GBytes *disks;			 /* struct protocol_disks, as it came; or NULL */
	char *title;			 /* of DONE, clean */
};

/*
 * Takes an analyser from @pool and gives it @job with guest memory. From now on until
 * dialogue_end() it can be cancelled, and has its wall-clock time.
 */
bool dialogue_begin(struct dialogue *dialogue, struct analyzer_pool *pool, const struct job *job,
		    int memory_fd, GError **error);

/* Waits at most @timeout_ms for it to be ready; that it is slow is no error. */
bool dialogue_ready(struct dialogue *dialogue, int timeout_ms, GError **error);

/* @fds may be NULL. */
bool dialogue_send(struct dialogue *dialogue, enum protocol_type type, const char *text,
		   const int *fds, unsigned int num_fds, GError **error);

/*
 * Serves the analyser until it sends @type. A map and a verdict are noted in passing; guest memory
 * is relayed; anything else out of turn is an error.
 */
bool dialogue_until(struct dialogue *dialogue, enum protocol_type type, GError **error);

/* Ends the analyser; as analyzer_end(). What it said stays until dialogue_clear(). */
char *dialogue_end(struct dialogue *dialogue);
void dialogue_clear(struct dialogue *dialogue);

#endif
