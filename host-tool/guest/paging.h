/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables, and reading through them. What they are like is the architecture's: x86_64/paging.c
 * has 4 and 5 levels; 4 KiB, 2 MiB and 1 GiB pages (Intel SDM vol. 3A, 4.5).
 */
#ifndef OOPSBT_GUEST_PAGING_H
#define OOPSBT_GUEST_PAGING_H

#include "guest/registers.h"
#include "guest/snapshot.h"

/* A guest-virtual address space. A value type; @snapshot is borrowed. */
struct address_space {
	struct snapshot *snapshot;
	gpa_t root;	     /* of the top-level table: CR3 without its flag bits */
	unsigned int levels; /* 4 or 5 */
};

struct mapping {
	gpa_t address;	    /* of the byte asked for */
	uint64_t page_size; /* bytes: 4 KiB, 2 MiB or 1 GiB */
	bool writable, executable, user;
};

/* The one that @vcpu uses. False if it uses none that can be read: @space is not to be used. */
bool vcpu_address_space(const struct vcpu_registers *vcpu, struct snapshot *snapshot,
			struct address_space *space);

bool address_space_translate(const struct address_space *space, gva_t address,
			     struct mapping *mapping, GError **error);

/* Reads through the snapshot; @late as in snapshot_read(). All bytes or an error that names the
 * address. */
bool address_space_read(const struct address_space *space, gva_t address, void *buffer,
			size_t length, bool *late, GError **error);
bool address_space_read_u64(const struct address_space *space, gva_t address, uint64_t *value,
			    GError **error);
bool address_space_read_u32(const struct address_space *space, gva_t address, uint32_t *value,
			    GError **error);

/*
 * Reads past the snapshot, straight from memory, without remembering anything: for searching
 * large areas. The page tables themselves go through the snapshot.
 */
bool address_space_peek(const struct address_space *space, gva_t address, void *buffer,
			size_t length, GError **error);

/* The same for a range with holes: a page that is not mapped reads as zeros. */
bool address_space_peek_mapped(const struct address_space *space, gva_t address, void *buffer,
			       size_t length, GError **error);

/* Prefetches the pages behind a guest-virtual range; unmapped ones are skipped. */
void address_space_prefetch(const struct address_space *space, gva_t address, size_t length);

/* A NUL-terminated string of at most @max_length bytes before the NUL; longer is cut. Free with
 * g_free(). */
char *address_space_read_string(const struct address_space *space, gva_t address, size_t max_length,
				GError **error);

/* The mapped runs of [@start, @end), virtually contiguous ones joined, in order. */
struct mapped_run {
	gva_t start;
	uint64_t length; /* bytes */
};
/* Array of struct mapped_run, bounded to @max_runs; free with g_array_unref(). */
GArray *address_space_mapped_runs(const struct address_space *space, gva_t start, gva_t end,
				  size_t max_runs);

/*
 * Calls @found for each mapping of a page table (of any level) that @table gives, in ascending
 * order; @table returns NULL for tables that are not to be looked into. Both may be called for
 * the same table or page again and again, since tables may lie; what is looked at is bounded, and
 * the walk ends when @found returns false.
 */
struct page_table_visitor {
	const uint8_t *(*table)(void *user_data, gpa_t address);
	bool (*found)(void *user_data, gva_t start, gpa_t physical, uint64_t length);
	void *user_data;
};
void page_tables_walk(gpa_t root, unsigned int levels, gva_t start, gva_t last,
		      const struct page_table_visitor *visitor);

#endif
