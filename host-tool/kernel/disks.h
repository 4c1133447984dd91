/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest's disks have been given to do and have not done yet, from the block layer's own
 * books (block/blk-mq.c): blockdev_superblock lists an inode for each block device, that leads to
 * its disk and queue, and the queue's tags to the requests. A request that is in flight
 * (MQ_RQ_IN_FLIGHT) has been handed to the driver, and that to the device: of a virtual disk, to
 * the host. It was made at start_time_ns (CLOCK_MONOTONIC; 0 if the queue does not count).
 *
 * Whatever the driver is (virtio-blk, virtio-scsi, NVMe, AHCI), these books are the same. Disks
 * that only pass on what they get (device mapper, md) have none. Lists may loop, lie and lead
 * anywhere; what is looked at is bounded. All of it changes while the guest runs.
 */
#ifndef OOPSBT_KERNEL_DISKS_H
#define OOPSBT_KERNEL_DISKS_H

#include "base/maybe.h"
#include "kernel/kernel.h"

#define DISKS_MAX 64
#define DISKS_MAX_DEVICES 1024 /* partitions count */
#define DISKS_MAX_TAGS 16384   /* of all disks together */
#define DISKS_MAX_QUEUES 256   /* of which disks_tags() tells */

#define DISKS_IN_FLIGHT 1u /* MQ_RQ_IN_FLIGHT (include/linux/blk-mq.h): a request's state */

#define DISK_NAME_SIZE 32 /* DISK_NAME_LEN */

struct disk {
	char name[DISK_NAME_SIZE];
	gva_t disk, queue;
	int64_t in_flight;	    /* requests */
	struct maybe_int oldest_ns; /* since the oldest of them was made */
	bool late;		    /* some of it was read after the thaw */
};

struct disks {
	GArray *entries;     /* of struct disk; those that have requests in flight */
	const char *stopped; /* static: why not all are there; NULL: they are */
};

/* @uptime_s: CLOCK_MONOTONIC now, in whole seconds. Free with disks_clear(). */
void disks_read(const struct kernel *kernel, struct maybe_int uptime_s, struct disks *disks);
void disks_clear(struct disks *disks);

/*
 * The tags (struct blk_mq_tags) of all disks, those that several share once: a GArray of gva_t.
 * @devices: the head of the list of block devices; 0: not known.
 */
GArray *disks_tags(const struct kernel *kernel, gva_t *devices);

/*
 * Which of a queue's requests are in use (struct sbitmap): a word holds 2^shift bits, the last one
 * those that are left of num_requests. Nothing of it is checked. Tags that are reserved have
 * another bitmap: these begin at number @first.
 */
struct disk_bitmap {
	gva_t words;	/* of struct sbitmap_word */
	gva_t requests; /* of pointers to struct request, from tag 0 on */
	uint32_t num_words, shift, num_requests, first;
};

/* False: the kernel's structures are not known, or lead to nowhere. */
bool disks_read_bitmap(const struct kernel *kernel, gva_t tags, struct disk_bitmap *bitmap);

#endif
