/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ELF core of a dump: every guest page that the analysis read, the registers, and all data for
 * repeating the analysis. guest/dump_file.h reads it; gdb, drgn and crash open it.
 *
 * A page is in the file once and mapped at each of its guest-virtual addresses. If none is known,
 * it is mapped at CORE_PHYSICAL_BASE plus its guest-physical address, which is never a
 * guest-virtual address.
 */
#ifndef OOPSBT_REPORT_CORE_H
#define OOPSBT_REPORT_CORE_H

#include "guest/paging.h"
#include "report/report.h"

#define CORE_PHYSICAL_BASE ((uint64_t)1 << 63)

/* @length bytes; all are multiples of the page size. */
struct core_mapping {
	gva_t virtual_address;
	gpa_t physical_address;
	uint64_t length;
};

struct core_writer_input {
	const struct report *report; /* the source of the register notes */
	const struct snapshot *frozen;
	const struct snapshot *log; /* a newer layer with the log's pages; NULL: none */
	const char *context_json;   /* this and the rest may be NULL */
	GBytes *map;
	const char *registers_text;
	GBytes *vmcoreinfo; /* the text of VMCOREINFO */
	const GArray
		*mappings; /* of struct core_mapping, sorted by virtual address, not overlapping */
};

/*
 * The virtual addresses of the pages in @frozen and @log (may be NULL), from page tables of @space
 * that they contain: the ones that led to the pages. Reads no memory.
 */
GArray *core_find_mappings(const struct address_space *space, const struct snapshot *frozen,
			   const struct snapshot *log);

/* Writes at the current position of @fd. */
bool core_write(int fd, const struct core_writer_input *input, GError **error);

#endif
