/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When guests stopped and went on, as QEMU's STOP and RESUME events say. Calls of libvirt return
 * later than that, and do not tell of what others do. Thread-safe.
 */
#ifndef OOPSBT_DAEMON_PAUSES_H
#define OOPSBT_DAEMON_PAUSES_H

#include <glib.h>
#include <stdbool.h>

struct pauses;

struct pauses *pauses_new(void);
struct pauses *pauses_ref(struct pauses *pauses);
void pauses_unref(struct pauses *pauses); /* NULL: nothing */

/* The events of a domain are kept from now on, until pauses_forget(). One caller a domain. */
void pauses_follow(struct pauses *pauses, const char *uuid);
void pauses_forget(struct pauses *pauses, const char *uuid);

/* An event came. @time_us: real time, of QEMU's host. Domains that nobody follows are ignored. */
void pauses_note(struct pauses *pauses, const char *uuid, bool stopped, gint64 time_us);

/*
 * The first stop since pauses_follow() and the first resume after that, as real time; 0: not come.
 * With @timeout_ms it waits for both.
 */
void pauses_get(struct pauses *pauses, const char *uuid, unsigned int timeout_ms, gint64 *stop_us,
		gint64 *resume_us);

#endif
