/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The source positions of an instruction by DWARF: the function that it is in, and those that the
 * compiler inlined there. The line table has the position of the instruction, which is in the
 * innermost inlined function; where that was inlined is in its own entry (DW_AT_call_file,
 * DW_AT_call_line), and so on outwards.
 */
#ifndef OOPSBT_LINES_CHAIN_H
#define OOPSBT_LINES_CHAIN_H

#include <elfutils/libdw.h>
#include <glib.h>
#include <stdbool.h>

#define MAX_CHAIN 64 /* more is cut: the kernel has at most some twenty */

/* As the file has them: neither clean nor true. Strings are the DWARF's, valid as long as that. */
struct position {
	const char *function;  /* NULL: unknown */
	const char *directory; /* where the compiler ran, or NULL */
	const char *file;      /* or NULL */
	int line;	       /* 0: unknown */
	int column;	       /* 0: unknown */
	bool is_inlined;
};

/* Which compilation unit an address is in: .debug_aranges may be absent or have gaps. */
struct units;
struct units *units_new(Dwarf *dwarf);
void units_free(struct units *units);

/*
 * Appends struct position to @chain, the innermost first; the last one is not inlined. @address is
 * one of the DWARF. Nothing if no unit has it.
 */
void chain_find(const struct units *units, guint64 address, GArray *chain);

#endif
