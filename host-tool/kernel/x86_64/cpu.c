// SPDX-License-Identifier: GPL-2.0-or-later
/* Finds the CPU number and the stacks of a vCPU, from what Linux told the hardware. */
#include "kernel/x86_64/cpu.h"

#include <string.h>

#include "kernel/x86_64/pt_regs.h"
#include "kernel/x86_64/tss.h"

#define MAX_EXCEPTION_STACK 0x4000u

/* Before the GDT entry is set up, in kernel mode: the GS base is the CPU's per-CPU offset. */
static bool number_from_gs(const struct kernel *kernel, const struct vcpu_registers *registers,
			   unsigned int *number)
{
	unsigned int count = cpu_count_possible(kernel);

	if (!kernel_map_smp(kernel->map)) {
		*number = 0;
		return true;
	}
	for (unsigned int i = 0; i < count; i++) {
		gva_t base;

		if (!cpu_percpu_base(kernel, i, &base))
			return false;
		if (base.value == registers->gs.base) {
			*number = i;
			return true;
		}
	}
	return false;
}

/* Exception stacks have one or more pages, with a guard page below. */
static void add_exception_stack(const struct kernel *kernel, struct cpu *cpu, enum stack_kind kind,
				uint64_t high)
{
	uint64_t low = high;
	struct mapping mapping;

	if (high % GUEST_PAGE_SIZE || !kernel_is_kernel_address(kernel, gva(high)))
		return;
	while (high - low < MAX_EXCEPTION_STACK &&
	       address_space_translate(&kernel->space, gva(low - GUEST_PAGE_SIZE), &mapping, NULL))
		low -= GUEST_PAGE_SIZE;
	cpu_add_stack(cpu, kind, low, high);
}

static bool read_tss(const struct kernel *kernel, const struct cpu *cpu, uint8_t tss[TSS_SIZE])
{
	return address_space_read(&kernel->space, gva(cpu->registers->tr.base), tss, TSS_SIZE, NULL,
				  NULL);
}

void x86_64_add_hardware_stacks(const struct kernel *kernel, struct cpu *cpu)
{
	/* The kernel's order of the interrupt stack table: IST_INDEX_* in page_64_types.h. */
	static const enum stack_kind kinds[] = {STACK_DOUBLE_FAULT, STACK_NMI, STACK_DEBUG,
						STACK_MACHINE_CHECK, STACK_VMM_COMMUNICATION};
	uint8_t tss[TSS_SIZE];
	uint64_t top;

	if (!read_tss(kernel, cpu, tss))
		return;
	memcpy(&top, tss + TSS_RSP0, sizeof(top));
	/* The entry stack ends its page. It is no exception stack, but as small as one. */
	if (top && kernel_is_kernel_address(kernel, gva(top)))
		cpu_add_stack(cpu, STACK_ENTRY, (top - 1) & GUEST_PAGE_MASK, top);
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		memcpy(&top, tss + TSS_IST1 + 8 * i, sizeof(top));
		if (top)
			add_exception_stack(kernel, cpu, kinds[i], top);
	}
}

/* With FRED in use, the interrupt stack table is empty. */
static bool uses_fred(const struct kernel *kernel, const struct cpu *cpu)
{
	static const uint8_t empty[TSS_IST_SIZE];
	uint8_t tss[TSS_SIZE];

	return read_tss(kernel, cpu, tss) && !memcmp(tss + TSS_IST1, empty, sizeof(empty));
}

/*
 * The registers that hold these stacks are not shown by any monitor. The kernel has the stacks at
 * their usual place (struct cea_exception_stacks in arch/x86/include/asm/cpu_entry_area.h): the
 * guard page of the next stack follows each stack.
 */
static void add_fred_stacks(const struct kernel *kernel, struct cpu *cpu)
{
	static const struct {
		enum stack_kind kind;
		enum kernel_field low, next;
		uint64_t guard; /* bytes of the guard page before @next */
	} all[] = {
		{STACK_DOUBLE_FAULT, FIELD_cea_stacks_df, FIELD_cea_stacks_nmi, GUEST_PAGE_SIZE},
		{STACK_NMI, FIELD_cea_stacks_nmi, FIELD_cea_stacks_db, GUEST_PAGE_SIZE},
		{STACK_DEBUG, FIELD_cea_stacks_db, FIELD_cea_stacks_mce, GUEST_PAGE_SIZE},
		{STACK_MACHINE_CHECK, FIELD_cea_stacks_mce, FIELD_cea_stacks_vc_guard, 0},
	};
	const int32_t *fields = kernel->map->fields;
	uint64_t base;

	if (!cpu_read_percpu(kernel, cpu, SYMBOL_cea_exception_stacks, 0, &base, sizeof(base)) ||
	    !kernel_is_kernel_address(kernel, gva(base)))
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		uint64_t low, high;

		if (!kernel_has(kernel, all[i].low) || !kernel_has(kernel, all[i].next) ||
		    cpu->num_stacks == CPU_MAX_STACKS)
			continue;
		low = base + (uint64_t)fields[all[i].low];
		high = base + (uint64_t)fields[all[i].next] - all[i].guard;
		if (low >= high || high - low > MAX_EXCEPTION_STACK)
			continue;
		cpu_add_stack(cpu, all[i].kind, low, high);
		cpu->stacks[cpu->num_stacks - 1].padding = FRED_PADDING;
	}
}

void x86_64_add_cpu_stacks(const struct kernel *kernel, struct cpu *cpu)
{
	uint64_t pointer;

	if (uses_fred(kernel, cpu))
		add_fred_stacks(kernel, cpu);
	if (!cpu_read_hot(kernel, cpu, SYMBOL_hardirq_stack_ptr, FIELD_pcpu_hot_hardirq_stack_ptr,
			  &pointer, sizeof(pointer)) ||
	    !kernel_is_kernel_address(kernel, gva(pointer)))
		return;
	/* Points to the top or, from 5.8 on, to the last word of the stack. */
	pointer = (pointer + GUEST_PAGE_SIZE - 1) & GUEST_PAGE_MASK;
	cpu_add_stack(cpu, STACK_IRQ, pointer - kernel->map->stack_size, pointer);
}

/*
 * The last word of an IRQ stack; for an exception stack the end of its struct pt_regs, or of the
 * words that the CPU pushed.
 */
bool x86_64_previous_sp(const struct kernel *kernel, const struct stack *stack, gva_t *sp)
{
	uint64_t distance = stack->kind == STACK_IRQ ? 8 : 16 + stack->padding;

	return stack->kind != STACK_TASK &&
	       address_space_read_u64(&kernel->space, gva(stack->high.value - distance), &sp->value,
				      NULL);
}

bool x86_64_find_cpu_number(const struct kernel *kernel, const struct vcpu_registers *vcpu,
			    unsigned int *number)
{
	return x86_64_number_from_gdt(kernel, vcpu, number) || number_from_gs(kernel, vcpu, number);
}
