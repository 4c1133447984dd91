/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Variables that have a sysctl, by its struct ctl_table (include/linux/sysctl.h): the address of
 * its name, that of the variable, how long the variable is, and a mode. For kernels without
 * CONFIG_KALLSYMS_ALL; they need CONFIG_SYSCTL.
 */
#ifndef OOPSBT_KERNEL_SYSCTL_TABLE_H
#define OOPSBT_KERNEL_SYSCTL_TABLE_H

#include "kernel/map.h"

/* Fills those of the map's symbols that are 0; one that two tables give differently stays 0. */
void sysctl_table(struct image *image, struct kernel_map *map);

#endif
