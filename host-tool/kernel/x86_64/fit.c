// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/fit.h"

#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/registers.h"
#include "kernel/x86_64/roots.h"

/* GDT_ENTRY_CPUNODE (arch/x86/include/asm/segment.h, since 4.20): its limit is node << 12 | cpu. */
#define GDT_ENTRY_CPUNODE 15
#define CPUNODE_CPU_MASK 0xfff
#define SEGMENT_PRESENT 0x80

static bool maps_text_alike(const struct kernel *kernel, gpa_t root, gva_t text)
{
	struct address_space space = kernel->space;
	struct mapping theirs, ours;

	space.root = root;
	return address_space_translate(&space, text, &theirs, NULL) &&
	       address_space_translate(&kernel->space, text, &ours, NULL) &&
	       theirs.address.value == ours.address.value;
}

/*
 * All page tables of Linux map its text. Those of user mode with page-table isolation may not, but
 * they are paired with page tables that do.
 */
static bool page_tables_fit(const struct kernel *kernel, const struct vcpu_registers *registers)
{
	gva_t text = gva(kernel->map->symbols[SYMBOL__stext]);

	if (kernel->map->levels != (vcpu_five_level_paging(registers) ? 5 : 4))
		return false;
	return !text.value || maps_text_alike(kernel, cr3_root(registers->cr3), text) ||
	       maps_text_alike(kernel, cr3_root(registers->cr3 & ~CR3_USER_BIT), text);
}

bool x86_64_number_from_gdt(const struct kernel *kernel, const struct vcpu_registers *registers,
			    unsigned int *number)
{
	uint8_t entry[8];

	if (registers->gdt.limit < GDT_ENTRY_CPUNODE * 8 + 7 ||
	    !address_space_read(&kernel->space, gva(registers->gdt.base + GDT_ENTRY_CPUNODE * 8),
				entry, sizeof(entry), NULL, NULL) ||
	    !(entry[5] & SEGMENT_PRESENT))
		return false;
	*number = (entry[0] | (unsigned int)entry[1] << 8) & CPUNODE_CPU_MASK;
	return *number < cpu_count_possible(kernel);
}

/* A GDT that names a CPU must be that CPU's own variable, at whatever address it is mapped. */
static bool gdt_fits(const struct kernel *kernel, const struct vcpu_registers *registers)
{
	uint64_t symbol = kernel->map->symbols[SYMBOL_gdt_page];
	struct mapping loaded, own;
	unsigned int number;
	gva_t base;

	if (!symbol || !x86_64_number_from_gdt(kernel, registers, &number) ||
	    !cpu_percpu_base(kernel, number, &base))
		return true;
	return address_space_translate(&kernel->space, gva(registers->gdt.base), &loaded, NULL) &&
	       address_space_translate(&kernel->space, gva(base.value + symbol), &own, NULL) &&
	       loaded.address.value == own.address.value;
}

enum vcpu_fit vcpu_fit_mode(const struct vcpu_registers *registers)
{
	if (registers->smm)
		return VCPU_IN_SMM;
	return vcpu_in_long_mode(registers) ? VCPU_FITS : VCPU_NOT_64_BIT;
}

enum vcpu_fit x86_64_fit(const struct kernel *kernel, const struct vcpu_registers *registers)
{
	enum vcpu_fit mode = vcpu_fit_mode(registers);

	if (mode != VCPU_FITS || !kernel->map->revision)
		return mode;
	if (!page_tables_fit(kernel, registers))
		return VCPU_OTHER_PAGE_TABLES;
	return gdt_fits(kernel, registers) ? VCPU_FITS : VCPU_OTHER_GDT;
}

bool x86_64_is_stopped(const struct vcpu_registers *registers)
{
	return registers->halted && !(registers->rflags & RFLAGS_IF);
}
