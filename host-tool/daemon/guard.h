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

/* Starts the guard. @uri: for the guard's own connection; NULL: libvirt's default. */
struct guard *guard_new(const char *runtime_directory, const char *uri, GError **error);
/*
 * The guard resumes what is outstanding and ends. Calls through other references then have no
 * effect.
 */
void guard_free(struct guard *guard);

/* For a thread that may outlive guard_free(). */
struct guard *guard_ref(struct guard *guard);
void guard_unref(struct guard *guard);

/* Becomes readable when the guard has died; then call guard_revive() before the next freeze. */
int guard_fd(struct guard *guard);
/* Restarts a dead guard and tells it which domains are frozen now. */
bool guard_revive(struct guard *guard, GError **error);

/*
 * Tells the guard an event of the freeze of @record: ANNOUNCED, ANSWERED, RESUMING, ENDED or GIVEN.
 * If the next event does not come @within_ms, the guard takes over. False, after ANNOUNCED: there
 * is no guard, so the domain must not be frozen.
 */
bool guard_tell(struct guard *guard, const struct freeze_record *record, enum freeze_event event,
		unsigned int within_ms, GError **error);

bool guard_is_alive(struct guard *guard);

/* Makes it resume the domains of records without an owner. */
void guard_look(struct guard *guard);

#endif
