// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/bpf.h"

#define MAX_PROGRAMS 16384

/* Finds the struct bpf_ksym whose code contains @address. */
static bool find_program(const struct kernel *kernel, gva_t address, gva_t *program,
			 uint64_t *start, uint64_t *end)
{
	uint64_t head = kernel->map->symbols[SYMBOL_bpf_kallsyms];
	uint64_t next;

	if (!kernel_has(kernel, FIELD_bpf_ksym_lnode) ||
	    !kernel_read_variable(kernel, SYMBOL_bpf_kallsyms, &next, sizeof(next), NULL))
		return false;
	for (int i = 0; i < MAX_PROGRAMS && next != head; i++) {
		*program = gva(next - (uint64_t)kernel->map->fields[FIELD_bpf_ksym_lnode]);
		if (!kernel_read_field(kernel, *program, FIELD_bpf_ksym_start, start, 8, NULL) ||
		    !kernel_read_field(kernel, *program, FIELD_bpf_ksym_end, end, 8, NULL) ||
		    !address_space_read_u64(&kernel->space, gva(next), &next, NULL))
			return false;
		if (address.value >= *start && address.value < *end)
			return true;
	}
	return false;
}

bool bpf_find(const struct kernel *kernel, gva_t address, gva_t *start, gva_t *end)
{
	gva_t program;

	return find_program(kernel, address, &program, &start->value, &end->value);
}

void bpf_resolve(const struct kernel *kernel, gva_t address, struct resolved_symbol *symbol)
{
	uint64_t start, end;
	gva_t program;

	if (!kernel_has(kernel, FIELD_bpf_ksym_name) ||
	    !find_program(kernel, address, &program, &start, &end))
		return;
	symbol->name = address_space_read_string(
		&kernel->space,
		gva_add(program, (uint64_t)kernel->map->fields[FIELD_bpf_ksym_name]),
		SYMBOL_NAME_MAX - 1, NULL);
	symbol->offset = address.value - start;
	symbol->size = end - start;
}
