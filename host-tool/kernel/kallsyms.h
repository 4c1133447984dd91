/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's symbol table, read in place in guest memory.
 *
 * The tables (scripts/kallsyms.c, kernel/kallsyms.c) in memory order:
 *
 *   up to 6.1    offsets, relative_base, num_syms, names, markers, token_table, token_index
 *   6.2 and 6.3  the same with seqs_of_names before token_table
 *   from 6.4     num_syms, names, markers, token_table, token_index, offsets, relative_base,
 *                seqs_of_names
 *   7.x          the same without relative_base: offsets count from themselves (seen in 7.2)
 *
 * Names are compressed: a length (one byte, or two where the first has bit 7 set, from 6.1 on),
 * then that many token numbers. The first character of a name is its type, as in nm(1). A
 * marker is the position in `names` of every 256th symbol. Symbols are sorted by address.
 */
#ifndef OOPSBT_KERNEL_KALLSYMS_H
#define OOPSBT_KERNEL_KALLSYMS_H

#include "kernel/image.h"

#define KERNEL_ERROR (kernel_error_quark())
GQuark kernel_error_quark(void);

enum kernel_error {
	KERNEL_ERROR_NOT_FOUND, /* the guest has no such kernel, table or symbol */
	KERNEL_ERROR_INVALID,	/* found, but inconsistent */
};

#define SYMBOL_NAME_MAX 512 /* KSYM_NAME_LEN of 6.1 and later */

enum kallsyms_encoding {
	/* Offset >= 0: an absolute (per-CPU) value; < 0: relative_base - 1 - offset. Up to 6.14. */
	KALLSYMS_ABSOLUTE_PERCPU,
	/* relative_base + unsigned offset. */
	KALLSYMS_RELATIVE,
	/* The address of the offset + signed offset. */
	KALLSYMS_SELF_RELATIVE,
	NUM_KALLSYMS_ENCODINGS
};

struct kallsyms {
	gva_t names, markers, token_table, token_index, offsets;
	uint64_t relative_base;
	uint32_t num_symbols;
	enum kallsyms_encoding encoding;
};

struct symbol {
	gva_t start;
	uint64_t size; /* bytes to the next symbol; 0: unknown */
	char name[SYMBOL_NAME_MAX];
};

/*
 * Finds the tables in the image by their structure: the token index must agree with the token
 * table, the markers with the names.
 */
bool kallsyms_find(struct image *image, struct kallsyms *kallsyms, GError **error);

/* Finds the symbol that contains @address. Reads a few pages through the snapshot. */
bool kallsyms_lookup(const struct kallsyms *kallsyms, const struct address_space *space,
		     gva_t address, struct symbol *symbol, GError **error);

/*
 * Resolves @names in one pass that bypasses the snapshot: values[i] is 0 if there is no such
 * symbol. The value of a per-CPU symbol is its offset (up to 6.14) or its address in the initial
 * area.
 */
bool kallsyms_resolve(const struct kallsyms *kallsyms, const struct address_space *space,
		      const char *const *names, size_t num_names, uint64_t *values, GError **error);

#endif
