// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/kernel.h"

void kernel_init(struct kernel *kernel, const struct kernel_map *map, struct snapshot *snapshot)
{
	*kernel = (struct kernel){.map = map, .space = kernel_map_space(map, snapshot)};
}

void kernel_clear(struct kernel *kernel)
{
	g_clear_pointer(&kernel->modules, g_array_unref);
}

bool kernel_read_variable(const struct kernel *kernel, enum kernel_symbol symbol, void *buffer,
			  size_t length, GError **error)
{
	uint64_t address = kernel->map->symbols[symbol];

	if (!address) {
		g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
			    "this kernel has no symbol %s%s", kernel_symbol_names()[symbol],
			    kernel->map->functions_only ? " (no CONFIG_KALLSYMS_ALL)" : "");
		return false;
	}
	return address_space_read(&kernel->space, gva(address), buffer, length, NULL, error);
}

bool kernel_read_state(const struct kernel *kernel, gva_t structure, enum kernel_field field,
		       void *buffer, size_t length, bool *late, GError **error)
{
	if (!kernel_has(kernel, field)) {
		const struct kernel_field_name *name = &kernel_field_names()[field];

		g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
			    "the offset of %s.%s is not known%s%s", name->structure,
			    name->member ? name->member : "", kernel->map->no_btf ? ": " : "",
			    kernel->map->no_btf ? kernel->map->no_btf : "");
		return false;
	}
	return address_space_read(&kernel->space,
				  gva_add(structure, (uint64_t)kernel->map->fields[field]), buffer,
				  length, late, error);
}

bool kernel_read_field(const struct kernel *kernel, gva_t structure, enum kernel_field field,
		       void *buffer, size_t length, GError **error)
{
	return kernel_read_state(kernel, structure, field, buffer, length, NULL, error);
}

bool kernel_in_core_image(const struct kernel *kernel, gva_t address)
{
	const uint64_t *symbols = kernel->map->symbols;

	return address.value >= symbols[SYMBOL__text] && address.value < symbols[SYMBOL__end];
}

bool kernel_is_core_text(const struct kernel *kernel, gva_t address)
{
	const uint64_t *symbols = kernel->map->symbols;

	return address.value >= symbols[SYMBOL__stext] && address.value < symbols[SYMBOL__etext];
}

bool kernel_is_kernel_address(const struct kernel *kernel, gva_t address)
{
	unsigned int bits = kernel->space.levels == 5 ? 56 : 47;

	return address.value >> bits == UINT64_MAX >> bits;
}
