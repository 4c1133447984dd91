/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that a guest's disks have not completed, from the block layer's structures
 * (block/blk-mq.c): blockdev_superblock lists one inode for each block device. The inode leads to
 * the disk and its queue, and the queue's tags lead to the requests. A request that is in flight
 * (MQ_RQ_IN_FLIGHT) was handed to the driver, which passed it to the device; the device of a
 * virtual disk is the host. The request began at start_time_ns (CLOCK_MONOTONIC; 0 if the queue
 * does not count).
 *
 * These structures are the same for all drivers (virtio-blk, virtio-scsi, NVMe, AHCI). Disks that
 * only forward requests (device mapper, md) have none. Lists may loop, lie and lead anywhere; the
 * number of visited nodes is bounded. All of it changes while the guest runs.
 */
#ifndef OOPSBT_KERNEL_DISKS_H
#define OOPSBT_KERNEL_DISKS_H

#include "base/maybe.h"
#include "kernel/kernel.h"

#define DISKS_MAX 64
#define DISKS_MAX_DEVICES 1024 /* partitions included */
#define DISKS_MAX_TAGS 16384   /* of all disks together */
#define DISKS_MAX_QUEUES 256   /* maximum that disks_tags() returns */

#define DISKS_IN_FLIGHT 1u /* MQ_RQ_IN_FLIGHT (include/linux/blk-mq.h), a state of a request */

#define DISK_NAME_SIZE 32 /* DISK_NAME_LEN */

struct disk {
	char name[DISK_NAME_SIZE];
	gva_t disk, queue;
	int64_t in_flight;	    /* requests */
	struct maybe_int oldest_ns; /* age of the oldest request */
	bool late;		    /* some of it was read after the thaw */
};

struct disks {
	GArray *entries;     /* of struct disk; disks with requests in flight */
	const char *stopped; /* static: why some disks are missing; NULL: all are there */
};

/* @uptime_s: the current CLOCK_MONOTONIC in whole seconds. Free with disks_clear(). */
void disks_read(const struct kernel *kernel, struct maybe_int uptime_s, struct disks *disks);
void disks_clear(struct disks *disks);

/*
 * Returns the tags (struct blk_mq_tags) of all disks, shared tags once: array of gva_t. Sets
 * *@devices to the head of the list of block devices, or 0: unknown.
 */
GArray *disks_tags(const struct kernel *kernel, gva_t *devices);

/*
 * The bitmap of a queue's used requests (struct sbitmap). A word holds 2^shift bits; the last word
 * holds the rest of num_requests. The values are unchecked. Reserved tags have another bitmap; this
 * one begins at tag @first.
 */
struct disk_bitmap {
	gva_t words;	/* of struct sbitmap_word */
	gva_t requests; /* of pointers to struct request, from tag 0 on */
	uint32_t num_words, shift, num_requests, first;
};

/* False: the kernel's structures are unknown, or the pointers lead nowhere. */
bool disks_read_bitmap(const struct kernel *kernel, gva_t tags, struct disk_bitmap *bitmap);

#endif
