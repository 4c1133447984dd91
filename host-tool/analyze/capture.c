// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/capture.h"

#include <string.h>

#include "kernel/find.h"
#include "kernel/lock.h"

#define STACK_SIZE 0x4000u
/* Per-CPU variables that the kernel image declares, the hot ones among them, lie in this much. */
#define PERCPU_AREA (256u << 10)
#define TSS_SIZE 104
#define GDT_SIZE 128
#define IDT_SIZE 4096
/* A CPU's own mappings of its GDT, TSS and exception stacks (arch/x86/mm/cpu_entry_area.c). */
#define ENTRY_AREA_START 0xfffffe0000000000ull
#define ENTRY_AREA_END 0xfffffe8000000000ull
/* struct pt_regs at the top of an exception stack: where the interrupted stack pointer is. */
#define PT_REGS_SIZE 168
#define PT_REGS_SP 152
#define MAX_STACKS 4
#define CR3_USER_BIT (1ull << 12)

struct cpu *capture_warm(struct kernel *kernel, const GArray *vcpus, struct settings *settings)
{
	struct cpu *cpus = g_new0(struct cpu, vcpus->len + 1);

	for (guint i = 0; i < vcpus->len; i++) {
		const struct vcpu_registers *vcpu = &g_array_index(vcpus, struct vcpu_registers, i);
		gva_t lock;

		cpu_identify(kernel, vcpu, &cpus[i]);
		cpu_capture(kernel, &cpus[i]);
		lock_waited_for(kernel, vcpu, &lock);
	}
	settings_read(kernel, settings);
	return cpus;
}

static bool in_entry_area(uint64_t address)
{
	return address >= ENTRY_AREA_START && address < ENTRY_AREA_END;
}

/*
 * Where the stack that @sp is on ends: at its guard page. Only task stacks are aligned to their
 * size always; that is for those without a guard page (no CONFIG_VMAP_STACK).
 */
static uint64_t stack_top(const struct address_space *space, uint64_t sp)
{
	uint64_t page = sp & GUEST_PAGE_MASK;
	struct mapping mapping;

	for (uint64_t top = page + GUEST_PAGE_SIZE; top <= page + STACK_SIZE;
	     top += GUEST_PAGE_SIZE) {
		if (!address_space_translate(space, gva(top), &mapping, NULL))
			return top;
	}
	return (sp & ~(uint64_t)(STACK_SIZE - 1)) + STACK_SIZE;
}

/* From stack to stack: where the interrupted one went on is kept at a stack's top. */
static void capture_stacks(const struct address_space *space, uint64_t sp)
{
	for (int i = 0; i < MAX_STACKS && sp >> 63; i++) {
		uint64_t low = sp & GUEST_PAGE_MASK;
		uint64_t high = stack_top(space, sp);
		uint64_t next_at = in_entry_area(sp) ? high - PT_REGS_SIZE + PT_REGS_SP : high - 8;

		address_space_prefetch(space, gva(low), high - low);
		if (!address_space_read_u64(space, gva(next_at), &sp, NULL))
			return;
		if (sp >= low && sp < high)
			return;
	}
}

static void capture_vcpu(struct snapshot *snapshot, const struct vcpu_registers *vcpu)
{
	struct address_space space = {
		.snapshot = snapshot,
		.root = cr3_root(vcpu->cr3),
		.levels = vcpu_five_level_paging(vcpu) ? 5 : 4,
	};
	struct mapping mapping;

	/* In user mode with page-table isolation these are the user's tables: no kernel in them. */
	if (vcpu->cpl == 3 && (vcpu->cr3 & CR3_USER_BIT) &&
	    !address_space_translate(&space, gva(vcpu->gs.base), &mapping, NULL))
		space.root = cr3_root(vcpu->cr3 & ~CR3_USER_BIT);
	address_space_prefetch(&space, gva(vcpu->gdt.base), GDT_SIZE);
	address_space_prefetch(&space, gva(vcpu->idt.base), IDT_SIZE);
	address_space_prefetch(&space, gva(vcpu->tr.base), TSS_SIZE);
	if (vcpu->cpl == 3)
		return;
	if (vcpu->gs.base >> 63)
		address_space_prefetch(&space, gva(vcpu->gs.base), PERCPU_AREA);
	capture_stacks(&space, vcpu->rsp);
}

void capture_cold(struct snapshot *snapshot, const GArray *vcpus)
{
	for (guint i = 0; i < vcpus->len; i++) {
		const struct vcpu_registers *vcpu = &g_array_index(vcpus, struct vcpu_registers, i);

		if (vcpu_in_long_mode(vcpu))
			capture_vcpu(snapshot, vcpu);
	}
}
