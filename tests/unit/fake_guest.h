/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest in a buffer. Its kernel image is writable for the test, and mapped at the link address of
 * kernels.
 */
#ifndef OOPSBT_FAKE_GUEST_H
#define OOPSBT_FAKE_GUEST_H

#include "guest/paging.h"

#define FAKE_GUEST_IMAGE 0xffffffff81000000ull

struct fake_guest {
	uint8_t *ram;
	uint64_t image_length; /* bytes, whole 2 MiB pages */
	struct guest_memory *memory;
	struct snapshot *snapshot;
	struct address_space space;
};

void fake_guest_init(struct fake_guest *guest, uint64_t image_length);
void fake_guest_clear(struct fake_guest *guest);

/* Discards cached memory after a write to the buffer. */
void fake_guest_forget(struct fake_guest *guest);

/* The 2 MiB page with the image's byte @offset is data, as the heap is. */
void fake_guest_forbid_execution(struct fake_guest *guest, uint64_t offset);

/* Returns the address of the image's byte @offset in this process. */
uint8_t *fake_guest_at(struct fake_guest *guest, uint64_t offset);

#endif
