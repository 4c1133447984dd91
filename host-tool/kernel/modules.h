/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loaded modules: their memory, symbols and ORC tables, from struct module
 * (include/linux/module.h): `core_layout` up to 6.3, `mem[]` from 6.4 on.
 */
#ifndef OOPSBT_KERNEL_MODULES_H
#define OOPSBT_KERNEL_MODULES_H

#include "base/maybe.h"
#include "kernel/kernel.h"
#include "kernel/symbol.h"

#define MODULE_NAME_SIZE 56 /* MODULE_NAME_LEN on 64 bit */

#define MODULE_MAX_RANGES 7

struct module_range {
	gva_t start;
	uint64_t size; /* bytes; 0: none */
};

struct kernel_module {
	char name[MODULE_NAME_SIZE + 1];
	gva_t structure;    /* struct module */
	gva_t text;	    /* first byte of its text */
	uint64_t text_size; /* bytes */
	gva_t init_text;
	uint64_t init_text_size;		       /* 0 after initialisation */
	struct module_range ranges[MODULE_MAX_RANGES]; /* all its memory, text included */
	uint64_t total_size;			       /* bytes, as lsmod shows them */
	struct maybe_uint taints;		       /* bits as in the kernel's taint word */
	struct orc_table orc;
};

GArray *modules_new(void); /* of struct kernel_module */

/* Reads the list into @kernel. On error it keeps the modules that were read. */
bool modules_load(struct kernel *kernel, GError **error);

/* Appends every loaded module. On error (an inconsistent list) it keeps those that were read. */
bool modules_read(const struct kernel *kernel, GArray *modules, GError **error);

/* Reads one module, whose struct module is at @structure. */
bool module_read(const struct kernel *kernel, gva_t structure, struct kernel_module *module,
		 GError **error);

/* The module with this name, or NULL. */
const struct kernel_module *modules_find_name(const GArray *modules, const char *name);

/* The module whose text holds @address, or NULL. */
const struct kernel_module *modules_find(const GArray *modules, gva_t address);

/* If @address is in a module's text, fills @symbol; without symbols, only the module. */
void modules_resolve(const struct kernel *kernel, gva_t address, struct resolved_symbol *symbol);

/* Finds the address of a symbol of one module. */
bool module_find_symbol(const struct kernel *kernel, const struct kernel_module *module,
			const char *name, gva_t *address, GError **error);

#endif
