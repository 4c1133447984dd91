/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that a guest's disks have not answered, as seen in the guest's memory.
 *
 * A suspend waits for the guest's disks. If the storage does not answer, the guest would be frozen
 * until it does. So each tick of the memory watch notes the requests that a disk has, and a
 * collection checks these again: a request that is still there has not been answered since the tick
 * that noted it. This takes a microsecond per request.
 *
 * Only compares integers, at addresses from the analyser. The data is the guest's: if the guest
 * takes no interrupts, it does not see an answer.
 */
#ifndef OOPSBT_DAEMON_DISK_WATCH_H
#define OOPSBT_DAEMON_DISK_WATCH_H

#include "daemon/peek.h"

/* The oldest requests of all disks; those of a dead disk do not change. */
#define DISK_REQUESTS_MAX 16u

/* A disk that has not answered for this time (µs) may not answer soon. */
#define DISK_REQUESTS_SLOW_US G_TIME_SPAN_SECOND

/* May be copied for another thread. */
struct disk_requests {
	uint32_t number, state, start, in_flight; /* as in struct protocol_disks */
	unsigned int num;
	struct disk_request {
		uint64_t address; /* guest-physical */
		uint32_t number;
		uint64_t start; /* start time by the guest's clock; identifies the request */
		gint64 seen_us; /* monotonic: when it was first seen */
	} list[DISK_REQUESTS_MAX];
};

/*
 * The longest time for which a disk has had a request that was first seen at least @least_us ago;
 * 0: none. @now_us: monotonic.
 */
gint64 disk_requests_wait_us(const struct disk_requests *requests, const struct layout *layout,
			     gint64 least_us, gint64 now_us);

struct disk_watch;

/* @places: a struct protocol_disks from the analyser, untrusted. NULL: it is invalid. */
struct disk_watch *disk_watch_new(GBytes *places);
void disk_watch_free(struct disk_watch *watch);

/* Adds the integers of a tick to @peek. Otherwise disk_watch_look() reads them itself. */
void disk_watch_ask(struct disk_watch *watch, struct peek *peek);

/*
 * Call it at each tick. @now_us: monotonic. Returns true once, when disks have come or gone since
 * @places was made.
 */
bool disk_watch_look(struct disk_watch *watch, const struct layout *layout, gint64 now_us);

unsigned int disk_watch_num_queues(const struct disk_watch *watch);
const struct disk_requests *disk_watch_requests(const struct disk_watch *watch);

#endif
