// SPDX-License-Identifier: GPL-2.0-or-later
/* The module list and a task, in an image that has the list head at 0 and a task at 0x800. */
#include "fuzz_image.h"
#include "kernel/modules.h"
#include "kernel/task.h"

/* Sets the field offsets of 6.1; with the second bit of KIND those of 6.4 and later. */
static void set_fields(struct kernel_map *map, unsigned int kind)
{
	map->symbols[SYMBOL_modules] = FAKE_GUEST_IMAGE;
	map->fields[FIELD_module_state] = 0;
	map->fields[FIELD_module_list] = 8;
	map->fields[FIELD_module_name] = 24;
	map->fields[FIELD_module_taints] = 80;
	map->fields[FIELD_module_kallsyms] = 88;
	map->fields[FIELD_module_arch] = 200;
	map->fields[FIELD_module_arch_num_orcs] = 0;
	map->fields[FIELD_module_arch_orc_ip] = 8;
	map->fields[FIELD_module_arch_orc] = 16;
	map->fields[FIELD_mod_kallsyms_symtab] = 0;
	map->fields[FIELD_mod_kallsyms_num_symtab] = 8;
	map->fields[FIELD_mod_kallsyms_strtab] = 16;
	if (kind & 1) {
		map->fields[FIELD_module_mem] = 96;
		map->fields[FIELD_module_memory_base] = 0;
		map->fields[FIELD_module_memory_size] = 8;
	} else {
		map->fields[FIELD_module_core_layout] = 96;
		map->fields[FIELD_module_init_layout] = 128;
		map->fields[FIELD_module_layout_base] = 0;
		map->fields[FIELD_module_layout_size] = 8;
		map->fields[FIELD_module_layout_text_size] = 12;
	}
	map->fields[FIELD_task_pid] = 0;
	map->fields[FIELD_task_tgid] = 4;
	map->fields[FIELD_task_comm] = 8;
	map->fields[FIELD_task_state] = 24;
}

static void look_up(struct kernel *kernel)
{
	for (guint i = 0; i < kernel->modules->len && i < 4; i++) {
		const struct kernel_module *module =
			&g_array_index(kernel->modules, struct kernel_module, i);
		struct resolved_symbol symbol = {0};
		GError *error = NULL;
		gva_t address;
		bool good = module_find_symbol(kernel, module, "init", &address, &error);

		fuzz_check_result(good, error);
		modules_resolve(kernel, gva(module->text.value + module->text_size / 2), &symbol);
		resolved_symbol_clear(&symbol);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct fake_guest *guest;
	g_autoptr(KernelMap) map = NULL;
	struct kernel kernel;
	struct task task;
	GError *error = NULL;
	bool good;

	if (length == 0)
		return 0;
	guest = fuzz_image(bytes + 1, length - 1);
	map = fuzz_map(guest);
	set_fields(map, bytes[0]);
	kernel_init(&kernel, map, guest->snapshot);
	good = modules_load(&kernel, &error);
	fuzz_check_result(good, error);
	if (kernel.modules)
		look_up(&kernel);
	error = NULL;
	good = task_read(&kernel, gva(FAKE_GUEST_IMAGE + 0x800), &task, &error);
	fuzz_check_result(good, error);
	kernel_clear(&kernel);
	return 0;
}
