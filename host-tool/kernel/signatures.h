/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds tables and variables of the kernel by their content, if no symbol names them (a kernel
 * without CONFIG_KALLSYMS_ALL). Each function fills its symbols in the map, unless they are known.
 * False: not found.
 */
#ifndef OOPSBT_KERNEL_SIGNATURES_H
#define OOPSBT_KERNEL_SIGNATURES_H

#include "kernel/map.h"

/* linux_banner: "Linux version 6.1.0 (...) (...) #1 SMP ...", with a newline at its end. */
bool signature_banner(const struct image *image, struct kernel_map *map);

/*
 * The largest BTF in the image: a header (Documentation/bpf/btf.rst) whose sections are consistent.
 */
bool signature_btf(const struct image *image, struct kernel_map *map);

/*
 * ORC's tables (orc.h): the longest row of offsets that lead to ascending places in the image, then
 * the entries, then the lookup table of orc_find(). The lookup table must agree with the first
 * table; this detects a surplus entry at either end.
 */
bool signature_orc(struct image *image, struct kernel_map *map);

/*
 * vmcoreinfo_data: a pointer to a page of the direct map that begins with "OSRELEASE=". Needs
 * page_offset_base.
 */
bool signature_vmcoreinfo(const struct image *image, struct snapshot *snapshot,
			  struct kernel_map *map);

/*
 * modules: a list head. Its first entry must lead back to it and be in a struct module (as BTF
 * describes it) that has a name. Not found while no module is loaded.
 */
bool signature_modules(const struct image *image, const struct address_space *space,
		       struct kernel_map *map);

#endif
