// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/livepatch.h"

#include "kernel/modules.h"

#define MAX_PATCHES 256

static bool add_patch(const struct kernel *kernel, gva_t patch, GPtrArray *patches, GError **error)
{
	char name[MODULE_NAME_SIZE + 1] = "";
	uint64_t module;
	uint8_t enabled;

	if (!kernel_read_field(kernel, patch, FIELD_klp_patch_mod, &module, 8, error) ||
	    !kernel_read_field(kernel, patch, FIELD_klp_patch_enabled, &enabled, 1, error) ||
	    !kernel_read_field(kernel, gva(module), FIELD_module_name, name, MODULE_NAME_SIZE,
			       error))
		return false;
	g_ptr_array_add(patches, g_strdup_printf("%s%s", name, enabled ? "" : " (disabled)"));
	return true;
}

GPtrArray *livepatches_read(const struct kernel *kernel, GError **error)
{
	g_autoptr(GPtrArray) patches = g_ptr_array_new_with_free_func(g_free);
	uint64_t head = kernel->map->symbols[SYMBOL_klp_patches];
	uint64_t next;

	if (!head) {
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
				    "this kernel has no symbol klp_patches (CONFIG_LIVEPATCH)");
		return NULL;
	}
	if (!kernel_read_variable(kernel, SYMBOL_klp_patches, &next, sizeof(next), error))
		return NULL;
	while (next != head) {
		if (patches->len >= MAX_PATCHES) {
			g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
				    "the list of live patches does not end after %d", MAX_PATCHES);
			return NULL;
		}
		if (!kernel_has(kernel, FIELD_klp_patch_list)) {
			g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
					    "the offset of klp_patch.list is not known");
			return NULL;
		}
		if (!add_patch(kernel,
			       gva(next - (uint64_t)kernel->map->fields[FIELD_klp_patch_list]),
			       patches, error) ||
		    !address_space_read_u64(&kernel->space, gva(next), &next, error))
			return NULL;
	}
	return g_steal_pointer(&patches);
}
