/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of the kernel in a domain: its map, which only the analyser interprets, the state of
 * the memory watch, and the counts of skipped signals. Also stored in <runtime
 * directory>/maps/<uuid>, so that a restarted daemon continues and finds oopses that happened
 * meanwhile. It is kept while a guest is saved, so the same holds when the guest is restored; of
 * saved guests without a domain only for the newest.
 */
#ifndef OOPSBT_DAEMON_KERNEL_STATE_H
#define OOPSBT_DAEMON_KERNEL_STATE_H

#include <glib.h>
#include <stdbool.h>

#include "base/maybe.h"
#include "common/collection.h"
#include "daemon/layout.h"
#include "daemon/watch.h"

struct kernel_state {
	GBytes *map;   /* NULL: unknown */
	char *release; /* clean; NULL: unknown. Not stored: it is soon found again */
	struct watch watch;
	bool panic_collected;	 /* the kernel has panicked, and a dump exists */
	bool error_collected;	 /* QEMU has stopped it for an internal error, and a dump exists */
	bool watchdog_collected; /* its watchdog has paused it, and a dump exists */
	struct maybe_uint stop_clock; /* the guest's time at that stop (guest_clock.h) */
	char *stalls;		      /* from stall_watch_to_text(); NULL: none */
	/* Of the domain, when the state was stored. */
	struct suppressed_signals suppressed;
	/* Noticed oopses without a dump yet. Not loaded: the next daemon finds them again. */
	unsigned int uncollected;
	gint64 deferred_us; /* real time of the deferred signal; 0: none */
	char *deferred;	    /* the signal's word */
};

void kernel_state_clear(struct kernel_state *state);

/* For the QEMU process (or, without one, the libvirt id) of @layout. */
bool kernel_state_save(const struct kernel_state *state, const char *runtime_directory,
		       const char *uuid, const struct layout *layout, GError **error);
/*
 * False: there is none for this instance; @state is empty. @continued: this instance continues the
 * guest of the one before it, and what is stored is this instance's from now on: the next daemon
 * cannot tell that it continues, if it was suspended meanwhile.
 */
bool kernel_state_load(struct kernel_state *state, const char *runtime_directory, const char *uuid,
		       const struct layout *layout, bool continued);
void kernel_state_forget(const char *runtime_directory, const char *uuid);
/* Keeps the @keep newest states of domains that are not @here. */
void kernel_state_trim(const char *runtime_directory, unsigned int keep,
		       bool (*here)(const char *uuid, void *user_data), void *user_data);

#endif
