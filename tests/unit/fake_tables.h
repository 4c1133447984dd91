/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fake guest whose kernel has only what a test puts into its image. */
#ifndef OOPSBT_FAKE_TABLES_H
#define OOPSBT_FAKE_TABLES_H

#include "fake_guest.h"
#include "kernel/kernel.h"

/* The address of the image's byte @offset in the guest. */
#define ADDRESS(offset) (FAKE_GUEST_IMAGE + (offset))

struct fake_tables {
	struct fake_guest guest;
	struct kernel_map *map; /* has no symbols and no fields */
	struct kernel kernel;
};

/* For g_test_add(): @unused is its data. */
void fake_tables_set_up(struct fake_tables *f, gconstpointer unused);
void fake_tables_tear_down(struct fake_tables *f, gconstpointer unused);

/* Discards cached memory after a write to the image. */
void fake_tables_read_afresh(struct fake_tables *f);

/* Writes at @offset of the image. */
void put_u32(struct fake_tables *f, uint64_t offset, uint32_t value);
void put_u64(struct fake_tables *f, uint64_t offset, uint64_t value);
void put_text(struct fake_tables *f, uint64_t offset, const char *text);

#endif
