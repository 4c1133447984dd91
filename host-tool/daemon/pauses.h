/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When guests stopped and resumed, from QEMU's events: STOP, RESUME, and the end of its own pause
 * at an oops. libvirt's calls return later, and miss pauses by others. Thread-safe.
 */
#ifndef OOPSBT_DAEMON_PAUSES_H
#define OOPSBT_DAEMON_PAUSES_H

#include <glib.h>
#include <stdbool.h>

struct pauses;

struct pauses *pauses_new(void);
struct pauses *pauses_ref(struct pauses *pauses);
void pauses_unref(struct pauses *pauses); /* NULL is ignored */

/*
 * Keeps the events of a domain until pauses_forget(): those sent at @since_us (real time) or later.
 * One caller per domain.
 */
void pauses_follow(struct pauses *pauses, const char *uuid, gint64 since_us);
void pauses_forget(struct pauses *pauses, const char *uuid);

/* Records an event. @time_us: real time of QEMU's host. Ignores other domains. */
void pauses_note(struct pauses *pauses, const char *uuid, bool stopped, gint64 time_us);

/*
 * The first stop since pauses_follow() and the first resume after it, as real time; 0: not
 * received. With @timeout_ms it waits for both.
 */
void pauses_get(struct pauses *pauses, const char *uuid, unsigned int timeout_ms, gint64 *stop_us,
		gint64 *resume_us);

#endif
