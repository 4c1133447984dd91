/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ELF core of a dump: every guest page that the analysis read, with the registers and what
 * else it needs to be done again. guest/dump_file.h reads it back; gdb, drgn and crash open it.
 *
 * A page is at each of its guest-virtual addresses (one copy in the file). Where none is known, it
 * is at CORE_PHYSICAL_BASE plus its guest-physical address, which no guest-virtual address can be.
 */
#ifndef OOPSBT_REPORT_CORE_H
#define OOPSBT_REPORT_CORE_H

#include "guest/paging.h"
#include "report/report.h"

#define CORE_PHYSICAL_BASE ((uint64_t)1 << 63)

/* @length bytes, all multiples of the page size. */
struct core_mapping {
	gva_t virtual_address;
	gpa_t physical_address;
	uint64_t length;
};

struct core_writer_input {
	const struct report *report; /* its vCPUs' registers become notes */
	const struct snapshot *frozen;
	const struct snapshot *log; /* laid anew for the log; NULL: none */
	const char *context_json;   /* the rest may be NULL */
	GBytes *map;
	const char *registers_text;
	GBytes *vmcoreinfo;	/* its text */
	const GArray *mappings; /* of struct core_mapping, by virtual address, not overlapping */
};

/*
 * The virtual addresses of the pages in @frozen and @log (may be NULL), from those page tables of
 * @space that are in there too: those through which the pages were found. Nothing is read.
 */
GArray *core_find_mappings(const struct address_space *space, const struct snapshot *frozen,
			   const struct snapshot *log);

/* Writes to @fd from where it is. */
bool core_write(int fd, const struct core_writer_input *input, GError **error);

#endif
