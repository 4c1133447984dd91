/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that a guest's disks have been given and have not answered, seen in the guest's memory.
 *
 * A suspend waits for the guest's disks. Where the storage does not serve, the guest would stand
 * frozen until it does. So each tick of the memory watch notes which requests are with a disk, and
 * a collection looks again at those: one that is still there has not been answered since the tick
 * that saw it first. That takes a microsecond for each, and no look where none was there.
 *
 * Only integers are compared, at addresses that the analyser gave. By the guest's books: a guest
 * that takes no interrupts does not note an answer.
 */
#ifndef OOPSBT_DAEMON_DISK_WATCH_H
#define OOPSBT_DAEMON_DISK_WATCH_H

#include "daemon/layout.h"

/* The oldest of all; when a disk is dead they do not change. */
#define DISK_REQUESTS_MAX 16u

/* A disk that has not answered for that long (µs) may not answer soon. */
#define DISK_REQUESTS_SLOW_US G_TIME_SPAN_SECOND

/* May be copied, for another thread. */
struct disk_requests {
	uint32_t number, state, start, in_flight; /* as in struct protocol_disks */
	unsigned int num;
	struct disk_request {
		uint64_t address; /* guest-physical */
		uint32_t number;
		uint64_t
			start; /* when it began, by the guest's clock: tells it from the next one */
		gint64 seen_us; /* monotonic: when it was seen first */
	} list[DISK_REQUESTS_MAX];
};

/*
 * For how long the longest of those that were seen @least_us ago or earlier, and are with the disk
 * still, has been seen; 0: there is none. @now_us: monotonic.
 */
gint64 disk_requests_wait_us(const struct disk_requests *requests, const struct layout *layout,
			     gint64 least_us, gint64 now_us);

struct disk_watch;

/* @places: a struct protocol_disks from the analyser, which may be anything. NULL: it is none. */
struct disk_watch *disk_watch_new(GBytes *places);
void disk_watch_free(struct disk_watch *watch);

/* A tick. @now_us: monotonic. True, once: disks have come or gone since @places was made. */
bool disk_watch_look(struct disk_watch *watch, const struct layout *layout, gint64 now_us);

unsigned int disk_watch_num_queues(const struct disk_watch *watch);
const struct disk_requests *disk_watch_requests(const struct disk_watch *watch);

#endif
