/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds variables that have a sysctl, by their struct ctl_table (include/linux/sysctl.h): addresses
 * of the name and of the variable, the variable's length, and a mode. For kernels with
 * CONFIG_SYSCTL but without CONFIG_KALLSYMS_ALL.
 */
#ifndef OOPSBT_KERNEL_SYSCTL_TABLE_H
#define OOPSBT_KERNEL_SYSCTL_TABLE_H

#include "kernel/map.h"

/* Fills the map's symbols that are 0. A symbol with different values in two tables stays 0. */
void sysctl_table(struct image *image, struct kernel_map *map);

#endif
