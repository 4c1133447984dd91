/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables and variables of the kernel that are known by what they hold, where no symbol names them
 * (a kernel without CONFIG_KALLSYMS_ALL). Each fills the symbols of the map that it stands for, if
 * they are not known; false if it is not there.
 */
#ifndef OOPSBT_KERNEL_SIGNATURES_H
#define OOPSBT_KERNEL_SIGNATURES_H

#include "kernel/map.h"

/* linux_banner: "Linux version 6.1.0 (...) (...) #1 SMP ...", with a newline at its end. */
bool signature_banner(const struct image *image, struct kernel_map *map);

/* The largest piece of BTF: a header (Documentation/bpf/btf.rst) whose sections fit each other. */
bool signature_btf(const struct image *image, struct kernel_map *map);

/*
 * ORC's tables (orc.h): the longest row of offsets that lead to ascending places in the image,
 * then the entries, then the table that orc_find() speeds up its search with. That one is held
 * against the first: an entry too many at an end would be noticed.
 */
bool signature_orc(struct image *image, struct kernel_map *map);

/*
 * vmcoreinfo_data: a pointer to a page of the kernel's map of all memory that begins with
 * "OSRELEASE=". Needs page_offset_base.
 */
bool signature_vmcoreinfo(const struct image *image, struct snapshot *snapshot,
			  struct kernel_map *map);

/*
 * modules: a list head whose first entry leads back to it and lies in a struct module, as BTF
 * describes it, that has a name. Not known while no module is loaded.
 */
bool signature_modules(const struct image *image, const struct address_space *space,
		       struct kernel_map *map);

#endif
