/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory that the daemon reads for the analyser through libvirt (memory=libvirt).
 *
 * Each request costs a libvirt call of 2 ms or more, whatever its length. So a page is read
 * together with its neighbours, and these stay cached until relay_forget(): cached pages are as old
 * as the request that read them.
 */
#ifndef OOPSBT_ANALYZE_RELAY_H
#define OOPSBT_ANALYZE_RELAY_H

#include "guest/memory.h"

struct relay;

/* @control is borrowed: the socket to the daemon. */
struct relay *relay_new(int control);
void relay_free(struct relay *relay);

/* Memory that is read through @relay, which must outlive it. */
struct guest_memory *relay_memory(struct relay *relay, const struct guest_extent *extents,
				  size_t num_extents, GError **error);

/* Drops the cache, since the guest has run. */
void relay_forget(struct relay *relay);
/*
 * From now on reads only requested pages and caches nothing: for memory that changes all the time.
 */
void relay_read_exactly(struct relay *relay);

/* The number of requests so far. */
uint64_t relay_num_questions(const struct relay *relay);

#endif
