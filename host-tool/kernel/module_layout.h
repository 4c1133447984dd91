/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where members of struct module (include/linux/module.h) are in a kernel without types, by what
 * they hold in the first module that is loaded, in whatever order CONFIG_RANDSTRUCT has put them:
 *
 *	core_layout	(up to 6.3) a range of whole pages that the structure itself lies
 *			in, and the size of its text within
 *	mem[]		(from 6.4 on) seven ranges of whole pages, the second of which has
 *			the structure in it; in each form of struct module_memory up to 7.3
 *	name		an identifier, which the module's kobject has as its name as well
 *	kallsyms	leads to a struct mod_kallsyms in the structure
 *	arch.orc_*	the number of entries, and tables in the module, the first of which
 *			leads into its text
 *
 * What begins anywhere else is not known: state, taints, init_layout, build_id.
 */
#ifndef OOPSBT_KERNEL_MODULE_LAYOUT_H
#define OOPSBT_KERNEL_MODULE_LAYOUT_H

#include "kernel/map.h"

/*
 * Fills the map's fields if a module is loaded and each of core_layout or mem, name and
 * kallsyms is at exactly one place. They count from some place before the structure. False: nothing
 * is filled in.
 */
bool module_layout_infer(struct kernel_map *map, const struct address_space *space);

#endif
