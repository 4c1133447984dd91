/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the functions of a report in the symbol table of a debug information file. A report has
 * symbol, offset and size from the kernel's own table, so the load address of the kernel or a
 * module need not be known.
 */
#ifndef OOPSBT_LINES_SYMBOLS_H
#define OOPSBT_LINES_SYMBOLS_H

#include <elfutils/libdwfl.h>
#include <glib.h>
#include <stdbool.h>

#define LINES_ERROR (lines_error_quark())
GQuark lines_error_quark(void);
enum lines_error {
	LINES_ERROR_FILE,  /* a file cannot be used */
	LINES_ERROR_PLACE, /* the file lacks a place */
};

/* A place in code, as a report describes it. */
struct place {
	const char *symbol; /* NULL: unknown */
	guint64 offset;	    /* bytes into the symbol */
	guint64 size;	    /* bytes to the next symbol of the kernel's table; 0: unknown */
	bool is_return;	    /* a return address: the call is before it */
	/* The linker's address: pc without the KASLR offset; 0: unknown. */
	guint64 linked;
};

struct symbols;
/* @module must outlive it. NULL: it has no symbol table. */
struct symbols *symbols_new(Dwfl_Module *module, GError **error);
void symbols_free(struct symbols *symbols);

/*
 * The address of @place in the module as laid out by libdwfl; for a return address that of the last
 * byte of the call. Of several functions with the same name (static ones): the one at
 * @place->linked, else the only one whose size fits. False if that is ambiguous.
 */
bool symbols_find(const struct symbols *symbols, const struct place *place, guint64 *address,
		  GError **error);

#endif
