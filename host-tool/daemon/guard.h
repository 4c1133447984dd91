/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's end of the freeze guard: see freeze-guard/. Thread-safe.
 */
#ifndef OOPSBT_DAEMON_GUARD_H
#define OOPSBT_DAEMON_GUARD_H

#include <glib.h>
#include <stdbool.h>

struct guard;

/* Starts the guard. @uri: as the guard's own connection needs it; NULL: libvirt's default. */
struct guard *guard_new(const char *runtime_directory, const char *uri, GError **error);
/* The guard thaws what is outstanding and ends. */
void guard_free(struct guard *guard);

/* Becomes readable when the guard has died: for guard_revive() before the next freeze asks. */
int guard_fd(struct guard *guard);
/* Starts it anew if it is dead. Domains frozen at the moment are announced to the new one. */
bool guard_revive(struct guard *guard, GError **error);

/* Before a freeze that takes at most @within_ms: false means it must not be done. */
bool guard_freeze(struct guard *guard, const char *uuid, int domain_id, unsigned int within_ms,
		  GError **error);
void guard_frozen(struct guard *guard, const char *uuid, unsigned int budget_ms);
void guard_thawed(struct guard *guard, const char *uuid);
/* The caller could not thaw it: the guard shall. */
void guard_thaw(struct guard *guard, const char *uuid);

#endif
