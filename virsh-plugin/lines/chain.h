/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The source positions of an instruction, from DWARF: its function, and the functions that the
 * compiler inlined there. The line table has the position of the instruction, which is in the
 * innermost inlined function. The entry of an inlined function has the position of its call
 * (DW_AT_call_file, DW_AT_call_line), and so on outwards.
 */
#ifndef OOPSBT_LINES_CHAIN_H
#define OOPSBT_LINES_CHAIN_H

#include <elfutils/libdw.h>
#include <glib.h>
#include <stdbool.h>

#define MAX_CHAIN 64 /* longer chains are cut: the kernel's have about twenty at most */

/* As in the file: untrusted and not clean. The strings belong to the DWARF data. */
struct position {
	const char *function;  /* NULL: unknown */
	const char *directory; /* the compiler's working directory, or NULL */
	const char *file;      /* or NULL */
	int line;	       /* 0: unknown */
	int column;	       /* 0: unknown */
	bool is_inlined;
};

/* Maps addresses to compilation units: .debug_aranges may be missing or have gaps. */
struct units;
struct units *units_new(Dwarf *dwarf);
void units_free(struct units *units);

/*
 * Appends struct position to @chain, innermost first; the last one is not inlined. @address is one
 * of the DWARF. Appends nothing if no unit contains it.
 */
void chain_find(const struct units *units, guint64 address, GArray *chain);

#endif
