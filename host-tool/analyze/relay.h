/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory that the daemon reads for the analyser, through libvirt (memory=libvirt).
 *
 * Each question costs a call of libvirt, 2 ms and more, whatever its length. So a page that is
 * asked for is read with its neighbours, and these are kept until relay_forget(): what is kept is
 * as old as the question that brought it.
 */
#ifndef OOPSBT_ANALYZE_RELAY_H
#define OOPSBT_ANALYZE_RELAY_H

#include "guest/memory.h"

struct relay;

/* @control is borrowed: the socket to the daemon. */
struct relay *relay_new(int control);
void relay_free(struct relay *relay);

/* Memory whose reads go over @relay, which must outlive it. */
struct guest_memory *relay_memory(struct relay *relay, const struct guest_extent *extents,
				  size_t num_extents, GError **error);

/* The guest has run on: what is asked from now on is read anew. */
void relay_forget(struct relay *relay);
/* From now on only what is asked for is read, and nothing is kept. For what changes all the time.
 */
void relay_read_exactly(struct relay *relay);

/* Questions so far. */
uint64_t relay_num_questions(const struct relay *relay);

#endif
