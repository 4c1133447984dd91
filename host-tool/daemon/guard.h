/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's end of the freeze guard: see freeze-guard/. Thread-safe.
 */
#ifndef OOPSBT_DAEMON_GUARD_H
#define OOPSBT_DAEMON_GUARD_H

#include <glib.h>
#include <stdbool.h>

#include "freeze-guard/record.h"
#include "freeze-guard/state.h"

struct guard;

/* Starts the guard. @uri: as the guard's own connection needs it; NULL: libvirt's default. */
struct guard *guard_new(const char *runtime_directory, const char *uri, GError **error);
/* The guard resumes what is outstanding and ends. Who has a reference may still call it: in vain.
 */
void guard_free(struct guard *guard);

/* For a thread that may outlive guard_free(). */
struct guard *guard_ref(struct guard *guard);
void guard_unref(struct guard *guard);

/* Becomes readable when the guard has died: for guard_revive() before the next freeze asks. */
int guard_fd(struct guard *guard);
/* Starts it anew if it is dead. Domains frozen at the moment are announced to the new one. */
bool guard_revive(struct guard *guard, GError **error);

/*
 * What happened to the freeze of @record: ANNOUNCED, ANSWERED, RESUMING, ENDED or GIVEN. The guard
 * hears of the next within @within_ms, or takes over. False, after ANNOUNCED: there is no guard, so
 * the domain must not be frozen.
 */
bool guard_tell(struct guard *guard, const struct freeze_record *record, enum freeze_event event,
		unsigned int within_ms, GError **error);

bool guard_is_alive(struct guard *guard);

/* It resumes what records say that have no owner any more. */
void guard_look(struct guard *guard);

#endif
