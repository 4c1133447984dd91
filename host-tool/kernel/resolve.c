// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/resolve.h"

#include "kernel/bpf.h"
#include "kernel/modules.h"

/* Is @address in the text or the init text? A table of functions covers only these. */
static bool is_function(const uint64_t *symbols, uint64_t address)
{
	return (address >= symbols[SYMBOL__stext] && address < symbols[SYMBOL__etext]) ||
	       (address >= symbols[SYMBOL__sinittext] && address < symbols[SYMBOL__einittext]);
}

static bool resolve_core(const struct kernel *kernel, gva_t address, struct resolved_symbol *result)
{
	struct symbol symbol;

	if (kernel->map->functions_only && !is_function(kernel->map->symbols, address.value))
		return false;
	if (address.value < kernel->map->image_start.value ||
	    address.value >= kernel->map->symbols[SYMBOL__end] ||
	    !kallsyms_lookup(&kernel->map->kallsyms, &kernel->space, address, &symbol, NULL))
		return false;
	result->name = g_strdup(symbol.name);
	result->offset = address.value - symbol.start.value;
	result->size = symbol.size;
	return true;
}

void kernel_resolve(const struct kernel *kernel, gva_t address, struct resolved_symbol *symbol)
{
	*symbol = (struct resolved_symbol){0};
	if (!kernel_is_kernel_address(kernel, address) || resolve_core(kernel, address, symbol))
		return;
	if (kernel->modules)
		modules_resolve(kernel, address, symbol);
	if (!symbol->name && !symbol->module)
		bpf_resolve(kernel, address, symbol);
}
