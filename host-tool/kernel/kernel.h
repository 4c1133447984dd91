/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest kernel as the rest of this layer sees it: its map, its address space and, if loaded, its
 * modules. Helpers read variables by symbol and members by field.
 */
#ifndef OOPSBT_KERNEL_H
#define OOPSBT_KERNEL_H

#include "kernel/map.h"

struct kernel {
	const struct kernel_map *map; /* borrowed */
	struct address_space space;   /* over the snapshot passed to kernel_init() */
	GArray *modules;	      /* of struct kernel_module; NULL until modules_load() */
};

void kernel_init(struct kernel *kernel, const struct kernel_map *map, struct snapshot *snapshot);
void kernel_clear(struct kernel *kernel);

/* True if the map has the field. */
static inline bool kernel_has(const struct kernel *kernel, enum kernel_field field)
{
	return kernel->map->fields[field] != FIELD_UNKNOWN;
}

/* NOT_FOUND if the kernel has no such symbol. */
bool kernel_read_variable(const struct kernel *kernel, enum kernel_symbol symbol, void *buffer,
			  size_t length, GError **error);

/* NOT_FOUND if the field is unknown. */
bool kernel_read_field(const struct kernel *kernel, gva_t structure, enum kernel_field field,
		       void *buffer, size_t length, GError **error);

/*
 * The same for state that changes while the guest runs. Sets *@late if it was read after the thaw.
 */
bool kernel_read_state(const struct kernel *kernel, gva_t structure, enum kernel_field field,
		       void *buffer, size_t length, bool *late, GError **error);

/* Is @address in the core kernel's image (text, data, all sections)? */
bool kernel_in_core_image(const struct kernel *kernel, gva_t address);

/* Is @address in the core kernel's text? Includes the init text, which is freed after boot. */
bool kernel_is_core_text(const struct kernel *kernel, gva_t address);

/* Is @address canonical and in the upper half, where the kernel lives? */
bool kernel_is_kernel_address(const struct kernel *kernel, gva_t address);

#endif
