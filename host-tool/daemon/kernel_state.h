/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of the kernel that runs in a domain: its map, which only the analyser understands,
 * where the memory watch stands, and what was left out of its signals. Kept in <runtime
 * directory>/maps/<uuid> too, so that a daemon that comes back goes on where it left off, and finds
 * the oops that happened meanwhile.
 */
#ifndef OOPSBT_DAEMON_KERNEL_STATE_H
#define OOPSBT_DAEMON_KERNEL_STATE_H

#include <glib.h>
#include <stdbool.h>

#include "common/collection.h"
#include "daemon/layout.h"
#include "daemon/watch.h"

struct kernel_state {
	GBytes *map;   /* NULL: not known */
	char *release; /* clean; NULL: not known. Not kept: it is found again soon */
	struct watch watch;
	bool panic_collected;	 /* the kernel has panicked, and there is a dump of it */
	bool error_collected;	 /* QEMU has stopped it for an internal error, and there is one */
	bool watchdog_collected; /* its watchdog has paused it, and there is one */
	char *stalls;		 /* as of stall_watch_to_text(); NULL: none */
	/* Of the domain, when this was kept. */
	struct suppressed_signals suppressed;
	gint64 deferred_us; /* real time of the signal that is put off; 0: none */
	char *deferred;	    /* its word */
};

void kernel_state_clear(struct kernel_state *state);

/* Bound to the QEMU process (or, without one, the libvirt id) of @layout. */
bool kernel_state_save(const struct kernel_state *state, const char *runtime_directory,
		       const char *uuid, const struct layout *layout, GError **error);
/* False: there is none for this instance. @state is empty then. */
bool kernel_state_load(struct kernel_state *state, const char *runtime_directory, const char *uuid,
		       const struct layout *layout);
void kernel_state_forget(const char *runtime_directory, const char *uuid);

#endif
