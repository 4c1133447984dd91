/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables, and reading through them. Their format depends on the architecture: x86_64/paging.c
 * handles 4 and 5 levels; 4 KiB, 2 MiB and 1 GiB pages (Intel SDM vol. 3A, 4.5).
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
	gpa_t address;	    /* of the requested byte */
	uint64_t page_size; /* bytes: 4 KiB, 2 MiB or 1 GiB */
	bool writable, executable, user;
};

/* The address space that @vcpu uses. False: it uses none that can be read; @space is invalid. */
bool vcpu_address_space(const struct vcpu_registers *vcpu, struct snapshot *snapshot,
			struct address_space *space);

bool address_space_translate(const struct address_space *space, gva_t address,
			     struct mapping *mapping, GError **error);

/*
 * Reads through the snapshot; @late as in snapshot_read(). Reads all bytes, or fails with an error
 * that names the address.
 */
bool address_space_read(const struct address_space *space, gva_t address, void *buffer,
			size_t length, bool *late, GError **error);
bool address_space_read_u64(const struct address_space *space, gva_t address, uint64_t *value,
			    GError **error);
bool address_space_read_u32(const struct address_space *space, gva_t address, uint32_t *value,
			    GError **error);

/*
 * Reads directly from memory, bypassing the snapshot, and keeps nothing: for searches of large
 * areas. Page tables are read through the snapshot.
 */
bool address_space_peek(const struct address_space *space, gva_t address, void *buffer,
			size_t length, GError **error);

/* The same for a range with holes: an unmapped page reads as zeros. */
bool address_space_peek_mapped(const struct address_space *space, gva_t address, void *buffer,
			       size_t length, GError **error);

/* Prefetches the pages of a guest-virtual range; skips unmapped ones. */
void address_space_prefetch(const struct address_space *space, gva_t address, size_t length);

/*
 * Reads a NUL-terminated string, at most @max_length bytes before the NUL; a longer one is
 * truncated. Free with g_free().
 */
char *address_space_read_string(const struct address_space *space, gva_t address, size_t max_length,
				GError **error);

/* The mapped runs of [@start, @end) in order; virtually contiguous ones are joined. */
struct mapped_run {
	gva_t start;
	uint64_t length; /* bytes */
};
/* Array of struct mapped_run, at most @max_runs; free with g_array_unref(). */
GArray *address_space_mapped_runs(const struct address_space *space, gva_t start, gva_t end,
				  size_t max_runs);

/*
 * Calls @found for each mapping in a page table (of any level) that @table provides, in ascending
 * order; @table returns NULL for tables to skip. Both may be called repeatedly for the same table
 * or page, since hostile tables may loop. The number of visited entries is limited, and the walk
 * ends when @found returns false.
 */
struct page_table_visitor {
	const uint8_t *(*table)(void *user_data, gpa_t address);
	bool (*found)(void *user_data, gva_t start, gpa_t physical, uint64_t length);
	void *user_data;
};
void page_tables_walk(gpa_t root, unsigned int levels, gva_t start, gva_t last,
		      const struct page_table_visitor *visitor);

#endif
