/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When guests stopped and resumed, from QEMU's events: STOP, RESUME, and the end of its own pause
 * at an oops. libvirt's calls return later, and miss pauses by others. Also whether QEMU begins to
 * write the guest's state, as for a migration. Thread-safe.
 */
#ifndef OOPSBT_DAEMON_PAUSES_H
#define OOPSBT_DAEMON_PAUSES_H

#include <glib.h>
#include <stdbool.h>

struct pauses;

struct pauses *pauses_new(void);
struct pauses *pauses_ref(struct pauses *pauses);
void pauses_unref(struct pauses *pauses); /* NULL is ignored */

/* @user_data: of pauses_follow(). It must not call pauses_...(). */
typedef void (*pauses_migration_fn)(void *user_data);

/*
 * Keeps the events of a domain until pauses_forget(): those sent at @since_us (real time) or later.
 * One caller per domain. @on_migration, which may be NULL, is called in the thread of
 * pauses_note_migration().
 */
void pauses_follow(struct pauses *pauses, const char *uuid, gint64 since_us,
		   pauses_migration_fn on_migration, void *user_data);
void pauses_forget(struct pauses *pauses, const char *uuid);

/*
 * The caller's own pause holds the domain at @time_us (real time): the suspend call has succeeded.
 * Whatever resumed the domain until then, its event comes before or after this, ended a pause by
 * somebody else. No resume counts before this is called.
 */
void pauses_own(struct pauses *pauses, const char *uuid, gint64 time_us);

/* Records an event. @time_us: real time of QEMU's host. Ignores other domains. */
void pauses_note(struct pauses *pauses, const char *uuid, bool stopped, gint64 time_us);

/* QEMU's MIGRATION event: a migration, a save or a snapshot begins, proceeds or ends. */
void pauses_note_migration(struct pauses *pauses, const char *uuid);

/*
 * The beginning of the caller's pause and the first resume after pauses_own(), as real time; 0: not
 * received. With @timeout_ms it waits for both.
 */
void pauses_get(struct pauses *pauses, const char *uuid, unsigned int timeout_ms, gint64 *stop_us,
		gint64 *resume_us);

#endif
