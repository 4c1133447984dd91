/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Infers offsets of members of struct module (include/linux/module.h) for a kernel without BTF,
 * from the content of the first loaded module. Works for any order of members (CONFIG_RANDSTRUCT):
 *
 * 	core_layout	(up to 6.3) a range of whole pages that contains the structure
 * 			itself, and the size of its text
 * 	mem[]		(from 6.4 on) seven ranges of whole pages, of which the second
 * 			contains the structure; every form of struct module_memory up to 7.3
 * 	name		an identifier, which is also the name of the module's kobject
 * 	kallsyms	leads to a struct mod_kallsyms in the structure
 * 	arch.orc_*	the number of entries, and tables in the module, the first of which
 * 			leads into its text
 *
 * The offsets of other members stay unknown: state, taints, init_layout, build_id.
 */
#ifndef OOPSBT_KERNEL_MODULE_LAYOUT_H
#define OOPSBT_KERNEL_MODULE_LAYOUT_H

#include "kernel/map.h"

/*
 * Fills the map's fields if a module is loaded and each of core_layout or mem, name and kallsyms
 * fits at exactly one place. The offsets count from a place before the structure. False: nothing
 * was filled in.
 */
bool module_layout_infer(struct kernel_map *map, const struct address_space *space);

#endif
