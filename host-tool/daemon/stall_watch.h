/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stall watch of one guest. Reads the integers that stall.h compares, from the guest's memory
 * and from /proc of the vCPUs' threads. Works only if the QEMU process's memory is readable.
 */
#ifndef OOPSBT_DAEMON_STALL_WATCH_H
#define OOPSBT_DAEMON_STALL_WATCH_H

#include "daemon/peek.h"
#include "daemon/stall.h"

struct stall_watch;

/*
 * @places: a struct protocol_stall (common/protocol.h) from the analyser, untrusted. NULL: it is
 * invalid, or has nothing to watch.
 */
struct stall_watch *stall_watch_new(GBytes *places, const struct layout *layout);
void stall_watch_free(struct stall_watch *watch);

/* Had some vCPUs not started, or were not understood, when the places were found? */
bool stall_watch_lacks_cpus(GBytes *places);

/* Sets new places of the same kernel and keeps the state. False: they are invalid. */
bool stall_watch_update(struct stall_watch *watch, GBytes *places, const struct layout *layout);

/* Drops earlier values, since the guest was paused. */
void stall_watch_reset(struct stall_watch *watch);

/*
 * @blocked: of struct protocol_blocked from the analyser, untrusted: the tasks that were blocked
 * when one was reported as hung. NULL: unknown.
 */
void stall_watch_follow(struct stall_watch *watch, GBytes *blocked);

/* The reported hangs that are not over, for the next daemon: stall_to_text(), and the tasks. */
char *stall_watch_to_text(const struct stall_watch *watch);
void stall_watch_recall(struct stall_watch *watch, const char *text);

/* Adds the integers of a tick to @peek. Otherwise stall_watch_look() reads them itself. */
void stall_watch_ask(struct stall_watch *watch, struct peek *peek);

/*
 * Processes one tick; see stall_look(). @configured: starved_s and dead_s, which the guest does not
 * set.
 */
enum stall_event stall_watch_look(struct stall_watch *watch, const struct layout *layout,
				  const struct stall_limits *configured,
				  struct stall_finding *finding);
/* A tick when the guest's own detector has found a hang; as stall_guest_told(). */
enum stall_event stall_watch_guest_told(struct stall_watch *watch, const struct layout *layout,
					const struct stall_limits *configured, bool *known,
					struct stall_finding *finding);

#endif
