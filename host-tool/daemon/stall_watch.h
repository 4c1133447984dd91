/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stall watch of one guest: reads the integers that stall.h compares, in the guest's memory and
 * in /proc of the vCPUs' threads. Only where the QEMU process's memory is at hand.
 */
#ifndef OOPSBT_DAEMON_STALL_WATCH_H
#define OOPSBT_DAEMON_STALL_WATCH_H

#include "daemon/layout.h"
#include "daemon/stall.h"

struct stall_watch;

/*
 * @places: a struct protocol_stall (common/protocol.h) from the analyser, which may be anything.
 * NULL: it is none, or has nothing to look at.
 */
struct stall_watch *stall_watch_new(GBytes *places, const struct layout *layout);
void stall_watch_free(struct stall_watch *watch);

/* Other places of the same kernel: what was seen stays. False: they are not what they should be. */
bool stall_watch_update(struct stall_watch *watch, GBytes *places, const struct layout *layout);

/* What was seen tells nothing of what comes: the guest was paused. */
void stall_watch_reset(struct stall_watch *watch);

/* @blocked: of struct protocol_blocked from the analyser, which may be anything: the tasks that
 * were blocked when one was told to hang. NULL: none is known. */
void stall_watch_follow(struct stall_watch *watch, GBytes *blocked);

/* What has been told and is not over, for the next daemon: as stall_to_text(), and the tasks. */
char *stall_watch_to_text(const struct stall_watch *watch);
void stall_watch_recall(struct stall_watch *watch, const char *text);

/* One tick; as stall_look(). @configured: of what is not the guest's to say: starved_s and dead_s.
 */
enum stall_event stall_watch_look(struct stall_watch *watch, const struct layout *layout,
				  const struct stall_limits *configured,
				  struct stall_finding *finding);

#endif
