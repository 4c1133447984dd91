/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The name of an address: "vfs_read+0x12/0x340 [module]". */
#ifndef OOPSBT_KERNEL_SYMBOL_H
#define OOPSBT_KERNEL_SYMBOL_H

#include <stdint.h>

/* Owns its strings. They are unsanitised text from the guest: not safe for a terminal. */
struct resolved_symbol {
	char *name;   /* NULL: none known */
	char *module; /* NULL: core kernel */
	uint64_t offset,
		size; /* bytes: from the symbol to the address; of the symbol (0: unknown) */
};

void resolved_symbol_clear(struct resolved_symbol *symbol);

/* As the kernel prints it; without a name: @address and the module. Free with g_free(). */
char *resolved_symbol_text(const struct resolved_symbol *symbol, uint64_t address);

#endif
