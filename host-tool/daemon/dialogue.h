/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's side of the protocol with one analyser, for one job (common/protocol.h). */
#ifndef OOPSBT_DAEMON_DIALOGUE_H
#define OOPSBT_DAEMON_DIALOGUE_H

#include <gio/gio.h>

#include "common/context.h"
#include "common/protocol.h"
#include "daemon/analyzer.h"
#include "daemon/layout.h"

/*
 * The time that libvirt takes to read guest memory does not count as the analyser's, up to this
 * many times its limit.
 */
#define DIALOGUE_RELAY_FACTOR 4

struct dialogue {
	struct analyzer *analyzer; /* NULL: could not be started, or has ended */
	virDomainPtr domain;	   /* borrowed; for relayed memory */
	struct layout *layout;	   /* borrowed */
	GCancellable *cancellable; /* borrowed, may be NULL */
	gulong cancel_id;
	unsigned int wall_seconds; /* the analyser's limit */
	gint64 deadline;	   /* monotonic, µs */
	gint64 grace_us;	   /* how much longer relayed memory may still take */
	uint64_t relayed;	   /* bytes of guest memory sent so far */

	/* Received from the analyser. */
	bool ready;
	struct protocol_verdict verdict; /* .known is 0 until it was received */
	GBytes *map;			 /* a new kernel map, or NULL */
	GBytes *stall;			 /* a struct protocol_stall, unvalidated; or NULL */
	GBytes *blocked;		 /* of struct protocol_blocked, unvalidated; or NULL */
	GBytes *disks;			 /* struct protocol_disks, unvalidated; or NULL */
	char *title;			 /* from DONE, clean */
};

/*
 * Takes an analyser from @pool and sends it @job with guest memory. Until dialogue_end() the
 * dialogue can be cancelled, and its wall-clock limit counts.
 */
bool dialogue_begin(struct dialogue *dialogue, struct analyzer_pool *pool, const struct job *job,
		    int memory_fd, GError **error);

/* Waits at most @timeout_ms for READY; a timeout is not an error. */
bool dialogue_ready(struct dialogue *dialogue, int timeout_ms, GError **error);

/* @fds may be NULL. */
bool dialogue_send(struct dialogue *dialogue, enum protocol_type type, const char *text,
		   const int *fds, unsigned int num_fds, GError **error);

/*
 * Serves the analyser until it sends @type. Stores maps and verdicts, relays guest memory; any
 * other message is an error.
 */
bool dialogue_until(struct dialogue *dialogue, enum protocol_type type, GError **error);

/* Ends the analyser like analyzer_end(). The received data stays until dialogue_clear(). */
char *dialogue_end(struct dialogue *dialogue);
void dialogue_clear(struct dialogue *dialogue);

#endif
