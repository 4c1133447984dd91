/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The symbols that the kernel exports to modules, functions and variables alike: what a kernel
 * without CONFIG_KALLSYMS_ALL still tells of its variables.
 *
 * The tables (include/linux/export-internal.h, kernel/module/internal.h) are arrays of struct
 * kernel_symbol: value and name as 32-bit offsets, each relative to its own place, from 5.4 on
 * followed by a third for the namespace. There is one table for EXPORT_SYMBOL() and one for
 * EXPORT_SYMBOL_GPL(). A table knows itself: hundreds of entries in a row have the name of a
 * symbol where they say. A per-CPU variable's value is its offset or, from 6.15 on, its address in
 * the initial area, as in kallsyms.
 */
#ifndef OOPSBT_KERNEL_KSYMTAB_H
#define OOPSBT_KERNEL_KSYMTAB_H

#include "kernel/image.h"

/*
 * Fills those of @values (one for each of @names) that are 0 and are exported; of two exports of
 * a name the first. False if there is no table.
 */
bool ksymtab_resolve(struct image *image, const char *const *names, size_t num_names,
		     uint64_t *values);

#endif
