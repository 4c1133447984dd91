/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The symbols that the kernel exports to modules, both functions and variables. A kernel without
 * CONFIG_KALLSYMS_ALL still names its exported variables here.
 *
 * The tables (include/linux/export-internal.h, kernel/module/internal.h) are arrays of struct
 * kernel_symbol: value and name as 32-bit offsets, each relative to its own address, and from 5.4
 * on a third for the namespace. EXPORT_SYMBOL() and EXPORT_SYMBOL_GPL() have one table each. A
 * table is recognised by its content: hundreds of consecutive entries lead to symbol names. The
 * value of a per-CPU variable is its offset or, from 6.15 on, its address in the initial area, as
 * in kallsyms.
 */
#ifndef OOPSBT_KERNEL_KSYMTAB_H
#define OOPSBT_KERNEL_KSYMTAB_H

#include "kernel/image.h"

/*
 * Fills the exported ones of @values (one for each of @names) that are 0. If a name is exported
 * twice, the first counts. False: there is no table.
 */
bool ksymtab_resolve(struct image *image, const char *const *names, size_t num_names,
		     uint64_t *values);

#endif
