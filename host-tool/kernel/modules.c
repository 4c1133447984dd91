// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/modules.h"

#include <elf.h>
#include <string.h>

#define MAX_MODULES 4096
#define MAX_MODULE_SYMBOLS (1u << 17)
#define MODULE_STATE_LIVE 0
#define MODULE_STATE_UNFORMED 3

/* enum mod_mem_type of include/linux/module.h */
#define MOD_TEXT 0
#define MOD_INIT_TEXT 4
#define MOD_MEM_NUM_TYPES MODULE_MAX_RANGES

GArray *modules_new(void)
{
	return g_array_new(FALSE, TRUE, sizeof(struct kernel_module));
}

static gva_t field_address(const struct kernel *kernel, gva_t structure, enum kernel_field field)
{
	return gva_add(structure, (uint64_t)kernel->map->fields[field]);
}

/* Up to 6.3: struct module_layout core_layout, init_layout. */
static bool read_layouts(const struct kernel *kernel, struct kernel_module *module, GError **error)
{
	gva_t core = field_address(kernel, module->structure, FIELD_module_core_layout);
	gva_t init = field_address(kernel, module->structure, FIELD_module_init_layout);
	uint32_t size = 0, text_size = 0, init_text_size = 0;

	if (!kernel_read_field(kernel, core, FIELD_module_layout_base, &module->text.value, 8,
			       error) ||
	    !kernel_read_field(kernel, core, FIELD_module_layout_size, &size, 4, error) ||
	    !kernel_read_field(kernel, core, FIELD_module_layout_text_size, &text_size, 4, error))
		return false;
	/* Unknown if the layout was inferred (module_layout.h). */
	if (kernel_has(kernel, FIELD_module_init_layout) &&
	    (!kernel_read_field(kernel, init, FIELD_module_layout_base, &module->init_text.value, 8,
				error) ||
	     !kernel_read_field(kernel, init, FIELD_module_layout_text_size, &init_text_size, 4,
				error)))
		return false;
	module->ranges[0] = (struct module_range){module->text, size};
	module->ranges[1] = (struct module_range){module->init_text, init_text_size};
	module->total_size = size;
	module->text_size = text_size;
	module->init_text_size = module->init_text.value ? init_text_size : 0;
	return true;
}

/* From 6.4 on: struct module_memory mem[MOD_MEM_NUM_TYPES]. */
static bool read_mem(const struct kernel *kernel, struct kernel_module *module, GError **error)
{
	gva_t mem = field_address(kernel, module->structure, FIELD_module_mem);
	int32_t stride = kernel->map->fields[SIZE_module_memory];

	if (stride == FIELD_UNKNOWN) {
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
				    "the size of struct module_memory is not known");
		return false;
	}
	for (int type = 0; type < MOD_MEM_NUM_TYPES; type++) {
		gva_t entry = gva_add(mem, (uint64_t)type * (uint64_t)stride);
		uint64_t base;
		uint32_t size;

		if (!kernel_read_field(kernel, entry, FIELD_module_memory_base, &base, 8, error) ||
		    !kernel_read_field(kernel, entry, FIELD_module_memory_size, &size, 4, error))
			return false;
		module->ranges[type] = (struct module_range){gva(base), base ? size : 0};
		module->total_size += size;
		if (type == MOD_TEXT) {
			module->text = gva(base);
			module->text_size = size;
		} else if (type == MOD_INIT_TEXT) {
			module->init_text = gva(base);
			module->init_text_size = base ? size : 0;
		}
	}
	return true;
}

static bool read_orc(const struct kernel *kernel, struct kernel_module *module, GError **error)
{
	gva_t arch = field_address(kernel, module->structure, FIELD_module_arch);
	uint32_t num;

	if (!kernel_has(kernel, FIELD_module_arch) ||
	    !kernel_has(kernel, FIELD_module_arch_num_orcs))
		return true; /* a kernel without ORC */
	if (!kernel_read_field(kernel, arch, FIELD_module_arch_num_orcs, &num, 4, error) ||
	    !kernel_read_field(kernel, arch, FIELD_module_arch_orc_ip, &module->orc.ips.value, 8,
			       error) ||
	    !kernel_read_field(kernel, arch, FIELD_module_arch_orc, &module->orc.entries.value, 8,
			       error))
		return false;
	module->orc.num_entries = num;
	return true;
}

bool module_read(const struct kernel *kernel, gva_t structure, struct kernel_module *module,
		 GError **error)
{
	*module = (struct kernel_module){
		.structure = structure,
		.taints.known = kernel_has(kernel, FIELD_module_taints),
	};
	return kernel_read_field(kernel, structure, FIELD_module_name, module->name,
				 MODULE_NAME_SIZE, error) &&
	       (!module->taints.known || kernel_read_field(kernel, structure, FIELD_module_taints,
							   &module->taints.value, 8, error)) &&
	       (kernel_has(kernel, FIELD_module_mem) ? read_mem(kernel, module, error)
						     : read_layouts(kernel, module, error)) &&
	       read_orc(kernel, module, error);
}

bool modules_read(const struct kernel *kernel, GArray *modules, GError **error)
{
	uint64_t head = kernel->map->symbols[SYMBOL_modules];
	uint64_t next;

	/* A kernel without CONFIG_MODULES has no modules, and neither of these symbols. */
	if (!head && !kernel->map->symbols[SYMBOL___module_address])
		return true;
	if (!kernel_has(kernel, FIELD_module_list)) {
		g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
			    "the layout of struct module is not known: %s",
			    kernel->map->no_btf ? kernel->map->no_btf : "no BTF of it");
		return false;
	}
	if (!kernel_read_variable(kernel, SYMBOL_modules, &next, sizeof(next), error))
		return false;
	while (next != head) {
		gva_t structure = gva(next - (uint64_t)kernel->map->fields[FIELD_module_list]);
		struct kernel_module module;
		uint32_t state = MODULE_STATE_LIVE;

		if (modules->len >= MAX_MODULES) {
			g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
				    "the module list does not end after %d modules", MAX_MODULES);
			return false;
		}
		if ((kernel_has(kernel, FIELD_module_state) &&
		     !kernel_read_field(kernel, structure, FIELD_module_state, &state, 4, error)) ||
		    !module_read(kernel, structure, &module, error) ||
		    !address_space_read_u64(&kernel->space, gva(next), &next, error))
			return false;
		if (state != MODULE_STATE_UNFORMED)
			g_array_append_val(modules, module);
	}
	return true;
}

bool modules_load(struct kernel *kernel, GError **error)
{
	g_clear_pointer(&kernel->modules, g_array_unref);
	kernel->modules = modules_new();
	if (modules_read(kernel, kernel->modules, error))
		return true;
	/* NULL means that nothing is known of the list; an empty array means an empty list. */
	if (!kernel->modules->len)
		g_clear_pointer(&kernel->modules, g_array_unref);
	return false;
}

const struct kernel_module *modules_find_name(const GArray *modules, const char *name)
{
	for (guint i = 0; i < modules->len; i++) {
		const struct kernel_module *module =
			&g_array_index(modules, struct kernel_module, i);

		if (!strcmp(module->name, name))
			return module;
	}
	return NULL;
}

const struct kernel_module *modules_find(const GArray *modules, gva_t address)
{
	for (guint i = 0; i < modules->len; i++) {
		const struct kernel_module *module =
			&g_array_index(modules, struct kernel_module, i);

		if (address.value - module->text.value < module->text_size ||
		    address.value - module->init_text.value < module->init_text_size)
			return module;
	}
	return NULL;
}

struct module_symbols {
	Elf64_Sym *symbols;
	uint32_t count;
	gva_t strings;
};

static bool load_symbols(const struct kernel *kernel, const struct kernel_module *module,
			 struct module_symbols *symbols, GError **error)
{
	uint64_t table, kallsyms;

	if (!kernel_read_field(kernel, module->structure, FIELD_module_kallsyms, &kallsyms, 8,
			       error) ||
	    !kernel_read_field(kernel, gva(kallsyms), FIELD_mod_kallsyms_symtab, &table, 8,
			       error) ||
	    !kernel_read_field(kernel, gva(kallsyms), FIELD_mod_kallsyms_num_symtab,
			       &symbols->count, 4, error) ||
	    !kernel_read_field(kernel, gva(kallsyms), FIELD_mod_kallsyms_strtab,
			       &symbols->strings.value, 8, error))
		return false;
	if (symbols->count > MAX_MODULE_SYMBOLS) {
		g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
			    "module %s claims to have %u symbols", module->name, symbols->count);
		return false;
	}
	symbols->symbols = g_new(Elf64_Sym, symbols->count + 1);
	if (address_space_read(&kernel->space, gva(table), symbols->symbols,
			       symbols->count * sizeof(Elf64_Sym), NULL, error))
		return true;
	g_clear_pointer(&symbols->symbols, g_free);
	return false;
}

static char *symbol_name(const struct kernel *kernel, const struct module_symbols *symbols,
			 const Elf64_Sym *symbol)
{
	return address_space_read_string(&kernel->space, gva_add(symbols->strings, symbol->st_name),
					 SYMBOL_NAME_MAX - 1, NULL);
}

/* Unnamed symbols and those of the assembler (is_mapping_symbol()) are of no use to a reader. */
static bool uninteresting(const char *name)
{
	return !name || !name[0] || name[0] == '$' || g_str_has_prefix(name, ".L");
}

static const struct kernel_module *find_range(const GArray *modules, gva_t address,
					      struct module_range *range)
{
	for (guint i = 0; i < modules->len; i++) {
		const struct kernel_module *module =
			&g_array_index(modules, struct kernel_module, i);

		for (size_t j = 0; j < MODULE_MAX_RANGES; j++) {
			*range = module->ranges[j];
			if (address.value - range->start.value < range->size)
				return module;
		}
	}
	return NULL;
}

void modules_resolve(const struct kernel *kernel, gva_t address, struct resolved_symbol *result)
{
	struct module_range range;
	const struct kernel_module *module = find_range(kernel->modules, address, &range);
	struct module_symbols symbols = {0};
	uint64_t end, best = 0;

	if (!module)
		return;
	result->module = g_strdup(module->name);
	end = range.start.value + range.size;
	if (!load_symbols(kernel, module, &symbols, NULL))
		return;
	for (uint32_t i = 1; i < symbols.count; i++) {
		const Elf64_Sym *symbol = &symbols.symbols[i];
		g_autofree char *name = NULL;

		if (symbol->st_shndx == SHN_UNDEF)
			continue;
		if (symbol->st_value > address.value) {
			end = MIN(end, symbol->st_value);
			continue;
		}
		if (symbol->st_value <= best || symbol->st_value < range.start.value)
			continue;
		name = symbol_name(kernel, &symbols, symbol);
		if (uninteresting(name))
			continue;
		best = symbol->st_value;
		g_free(result->name);
		result->name = g_steal_pointer(&name);
	}
	if (best) {
		result->offset = address.value - best;
		result->size = end - best;
	}
	g_free(symbols.symbols);
}

bool module_find_symbol(const struct kernel *kernel, const struct kernel_module *module,
			const char *wanted, gva_t *address, GError **error)
{
	struct module_symbols symbols = {0};
	bool found = false;

	if (!load_symbols(kernel, module, &symbols, error))
		return false;
	for (uint32_t i = 1; !found && i < symbols.count; i++) {
		g_autofree char *name = symbol_name(kernel, &symbols, &symbols.symbols[i]);

		found = name && g_str_equal(name, wanted) &&
			symbols.symbols[i].st_shndx != SHN_UNDEF;
		if (found)
			*address = gva(symbols.symbols[i].st_value);
	}
	g_free(symbols.symbols);
	if (!found)
		g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
			    "module %s has no symbol %s", module->name, wanted);
	return found;
}
