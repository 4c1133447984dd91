/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loaded modules: where they are, their symbols and their ORC tables, all from struct module
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
	uint64_t init_text_size;		       /* 0 once initialised */
	struct module_range ranges[MODULE_MAX_RANGES]; /* all its memory, text included */
	uint64_t total_size;			       /* bytes, as lsmod shows it */
	struct maybe_uint taints;		       /* bits as in the kernel's taint word */
	struct orc_table orc;
};

GArray *modules_new(void); /* of struct kernel_module */

/* Reads the list into @kernel; what could not be read is an error, what was read stays. */
bool modules_load(struct kernel *kernel, GError **error);

/* Appends every loaded module. On error (a list that makes no sense) keeps those read so far. */
bool modules_read(const struct kernel *kernel, GArray *modules, GError **error);

/* One module, whose struct module lies at @structure. */
bool module_read(const struct kernel *kernel, gva_t structure, struct kernel_module *module,
		 GError **error);

/* The module of that name, or NULL. */
const struct kernel_module *modules_find_name(const GArray *modules, const char *name);

/* The module whose text holds @address, or NULL. */
const struct kernel_module *modules_find(const GArray *modules, gva_t address);

/* Fills @symbol if @address lies in a module's text; its module at least, where it has no symbols.
 */
void modules_resolve(const struct kernel *kernel, gva_t address, struct resolved_symbol *symbol);

/* The address of a symbol of one module. */
bool module_find_symbol(const struct kernel *kernel, const struct kernel_module *module,
			const char *name, gva_t *address, GError **error);

#endif
