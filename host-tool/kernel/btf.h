/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structure offsets from the kernel's BTF in guest memory, decoded by libbpf. */
#ifndef OOPSBT_KERNEL_BTF_H
#define OOPSBT_KERNEL_BTF_H

#include "kernel/map.h"

/*
 * Fills map->fields from the BTF section that the map's symbols name. If kallsyms has functions
 * only, also fills the symbols of per-CPU variables. Reads bypass the snapshot.
 */
bool btf_resolve_fields(struct kernel_map *map, const struct address_space *space, GError **error);

#endif
