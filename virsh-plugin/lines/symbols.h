/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The symbol table of a file of debug information, and which of its symbols a function of a report
 * is. A report has symbol, offset and size as the kernel's own table gave them, so that nothing has
 * to be known of where the kernel or a module was loaded.
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
	LINES_ERROR_PLACE, /* a place is not found in it */
};

/* Where a report says that code is. */
struct place {
	const char *symbol; /* NULL: unknown */
	guint64 offset;	    /* bytes into the symbol */
	guint64 size;	    /* to the next symbol of the kernel's table; 0: unknown */
	bool is_return;	    /* it is where a call returns to: the call is before it */
	/* The address that the linker gave it: pc without the KASLR offset; 0: unknown. */
	guint64 linked;
};

struct symbols;
/* Of @module, which must outlive it. NULL: it has no symbol table. */
struct symbols *symbols_new(Dwfl_Module *module, GError **error);
void symbols_free(struct symbols *symbols);

/*
 * The address of @place in the module as libdwfl laid it out; for a return address that of the
 * call's last byte. Of several functions of one name (static ones) it is the one at @place->linked,
 * else the only one whose size fits; if that leaves more than one, it is none.
 */
bool symbols_find(const struct symbols *symbols, const struct place *place, guint64 *address,
		  GError **error);

#endif
