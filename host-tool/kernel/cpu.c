// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/cpu.h"

#include <string.h>

#include "kernel/trampolines.h"

/* GDT_ENTRY_CPUNODE (arch/x86/include/asm/segment.h, since 4.20): its limit is node << 12 | cpu. */
#define GDT_ENTRY_CPUNODE 15
#define CPUNODE_CPU_MASK 0xfff

#define MAX_EXCEPTION_STACK 0x4000u

/* The 64-bit TSS (Intel SDM vol. 3A, 8.7): RSP0 and the interrupt stack table. */
#define TSS_RSP0 4
#define TSS_IST1 36
#define TSS_SIZE 104

/* What a report shows of a task. */
static const enum kernel_field task_fields[] = {
	FIELD_task_stack,     FIELD_task_pid,	    FIELD_task_comm,	 FIELD_task_state,
	FIELD_task_state_old, FIELD_task_ret_stack, FIELD_task_rethooks,
};

bool cpu_in_user_mode(const struct cpu *cpu)
{
	return cpu->registers->cpl == 3;
}

static bool percpu_base(const struct kernel *kernel, unsigned int number, gva_t *base)
{
	uint64_t table = kernel->map->symbols[SYMBOL___per_cpu_offset];

	/* One CPU only: its variables lie where the symbols say. */
	if (!kernel_map_smp(kernel->map)) {
		*base = gva(0);
		return number == 0;
	}
	return table &&
	       address_space_read_u64(&kernel->space, gva_add(gva(table), 8 * (uint64_t)number),
				      &base->value, NULL) &&
	       base->value;
}

static unsigned int max_cpus(const struct kernel *kernel)
{
	uint32_t count;

	if (!kernel_map_smp(kernel->map))
		return 1;
	if (!kernel_read_variable(kernel, SYMBOL_nr_cpu_ids, &count, sizeof(count), NULL))
		return MAX_VCPUS;
	return MIN(count, MAX_VCPUS);
}

/* The kernel keeps each CPU's number in its own GDT, for getcpu(2): right in user mode, too. */
static bool number_from_gdt(const struct kernel *kernel, const struct vcpu_registers *registers,
			    unsigned int *number)
{
	uint8_t entry[8];

	if (registers->gdt.limit < GDT_ENTRY_CPUNODE * 8 + 7 ||
	    !address_space_read(&kernel->space, gva(registers->gdt.base + GDT_ENTRY_CPUNODE * 8),
				entry, sizeof(entry), NULL, NULL) ||
	    !(entry[5] & 0x80))
		return false;
	*number = (entry[0] | (unsigned int)entry[1] << 8) & CPUNODE_CPU_MASK;
	return *number < max_cpus(kernel);
}

/* Before that entry is set up, in kernel mode: the GS base is the CPU's own offset. */
static bool number_from_gs(const struct kernel *kernel, const struct vcpu_registers *registers,
			   unsigned int *number)
{
	unsigned int count = max_cpus(kernel);

	if (!kernel_map_smp(kernel->map)) {
		*number = 0;
		return true;
	}
	for (unsigned int i = 0; i < count; i++) {
		gva_t base;

		if (!percpu_base(kernel, i, &base))
			return false;
		if (base.value == registers->gs.base) {
			*number = i;
			return true;
		}
	}
	return false;
}

static bool read_percpu(const struct kernel *kernel, struct cpu *cpu, enum kernel_symbol symbol,
			uint64_t offset, void *buffer, size_t length)
{
	uint64_t value = kernel->map->symbols[symbol];

	return value && address_space_read(&kernel->space, gva(cpu->percpu.value + value + offset),
					   buffer, length, &cpu->late, NULL);
}

/* current_task, hardirq_stack_ptr and the preempt count: own symbols, or members of pcpu_hot (6.2
 * to 6.14). */
static bool read_hot(const struct kernel *kernel, struct cpu *cpu, enum kernel_symbol symbol,
		     enum kernel_field field, void *buffer, size_t length)
{
	if (kernel->map->symbols[symbol])
		return read_percpu(kernel, cpu, symbol, 0, buffer, length);
	return kernel_has(kernel, field) &&
	       read_percpu(kernel, cpu, SYMBOL_pcpu_hot, (uint64_t)kernel->map->fields[field],
			   buffer, length);
}

static void add_stack(struct cpu *cpu, enum stack_kind kind, uint64_t low, uint64_t high)
{
	if (cpu->num_stacks < CPU_MAX_STACKS && low < high)
		cpu->stacks[cpu->num_stacks++] =
			(struct stack){.kind = kind, .low = gva(low), .high = gva(high)};
}

/* Exception stacks are one or more pages with a guard page below. */
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
	add_stack(cpu, kind, low, high);
}

static void add_tss_stacks(const struct kernel *kernel, struct cpu *cpu)
{
	/* The kernel's order of the interrupt stack table: IST_INDEX_* in page_64_types.h. */
	static const enum stack_kind kinds[] = {STACK_DOUBLE_FAULT, STACK_NMI, STACK_DEBUG,
						STACK_MACHINE_CHECK, STACK_VMM_COMMUNICATION};
	uint8_t tss[TSS_SIZE];
	uint64_t top;

	if (!address_space_read(&kernel->space, gva(cpu->registers->tr.base), tss, sizeof(tss),
				NULL, NULL))
		return;
	memcpy(&top, tss + TSS_RSP0, sizeof(top));
	/* The entry stack is the last of its page; it is no exception stack, but as small as one.
	 */
	if (top && kernel_is_kernel_address(kernel, gva(top)))
		add_stack(cpu, STACK_ENTRY, (top - 1) & GUEST_PAGE_MASK, top);
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		memcpy(&top, tss + TSS_IST1 + 8 * i, sizeof(top));
		if (top)
			add_exception_stack(kernel, cpu, kinds[i], top);
	}
}

static void add_irq_stack(const struct kernel *kernel, struct cpu *cpu)
{
	uint64_t pointer;

	if (!read_hot(kernel, cpu, SYMBOL_hardirq_stack_ptr, FIELD_pcpu_hot_hardirq_stack_ptr,
		      &pointer, sizeof(pointer)) ||
	    !kernel_is_kernel_address(kernel, gva(pointer)))
		return;
	/* It points to the top, or from 5.8 on to the last word of the stack. */
	pointer = (pointer + GUEST_PAGE_SIZE - 1) & GUEST_PAGE_MASK;
	add_stack(cpu, STACK_IRQ, pointer - kernel->map->stack_size, pointer);
}

static bool task_stack(const struct kernel *kernel, gva_t task, uint64_t *low)
{
	return task.value &&
	       kernel_read_field(kernel, task, FIELD_task_stack, low, sizeof(*low), NULL) &&
	       *low % kernel->map->stack_size == 0 && kernel_is_kernel_address(kernel, gva(*low));
}

/*
 * On a stack that is neither current's nor the CPU's: in the middle of a context switch, where
 * the stack has changed and `current` has not, or the other way round. The run queue names the
 * other task; without it the stack is taken as found: stacks are aligned to their size.
 */
static void add_foreign_stack(const struct kernel *kernel, struct cpu *cpu, gva_t sp)
{
	uint64_t low = sp.value & ~(kernel->map->stack_size - 1);
	uint64_t other_low;
	gva_t other = gva(0);
	struct mapping mapping;

	if (!address_space_translate(&kernel->space, sp, &mapping, NULL))
		return;
	if (kernel_has(kernel, FIELD_rq_curr) &&
	    read_percpu(kernel, cpu, SYMBOL_runqueues, (uint64_t)kernel->map->fields[FIELD_rq_curr],
			&other.value, 8) &&
	    other.value != cpu->current.value && task_stack(kernel, other, &other_low) &&
	    other_low == low)
		cpu->stack_task = other;
	add_stack(cpu, STACK_TASK, low, low + kernel->map->stack_size);
}

/*
 * The last word of an IRQ stack; the end of the struct pt_regs, or of what the CPU pushed, that an
 * exception stack begins with.
 */
bool cpu_previous_sp(const struct kernel *kernel, const struct stack *stack, gva_t *sp)
{
	uint64_t distance = stack->kind == STACK_IRQ ? 8 : 16;

	return stack->kind != STACK_TASK &&
	       address_space_read_u64(&kernel->space, gva(stack->high.value - distance), &sp->value,
				      NULL);
}

static void add_task_stacks(const struct kernel *kernel, struct cpu *cpu)
{
	gva_t sp = gva(cpu->registers->rsp);
	uint64_t low;

	if (task_stack(kernel, cpu->current, &low))
		add_stack(cpu, STACK_TASK, low, low + kernel->map->stack_size);
	if (cpu_in_user_mode(cpu))
		return;
	/* Bounded, since stacks may lie: the way down to the task's. */
	for (int i = 0; i < CPU_MAX_STACKS && kernel_is_kernel_address(kernel, sp); i++) {
		const struct stack *stack = cpu_find_stack(cpu, sp);

		if (!stack) {
			add_foreign_stack(kernel, cpu, sp);
			return;
		}
		if (!cpu_previous_sp(kernel, stack, &sp))
			return;
	}
}

void cpu_identify(const struct kernel *kernel, const struct vcpu_registers *registers,
		  struct cpu *cpu)
{
	*cpu = (struct cpu){.registers = registers};
	if (!vcpu_in_long_mode(registers))
		return;
	add_tss_stacks(kernel, cpu);
	cpu->known = (number_from_gdt(kernel, registers, &cpu->number) ||
		      number_from_gs(kernel, registers, &cpu->number)) &&
		     percpu_base(kernel, cpu->number, &cpu->percpu);
	if (cpu->known) {
		if (!read_hot(kernel, cpu, SYMBOL_current_task, FIELD_pcpu_hot_current_task,
			      &cpu->current.value, sizeof(cpu->current.value)) ||
		    !kernel_is_kernel_address(kernel, cpu->current))
			cpu->current = gva(0);
		cpu->preempt_known =
			read_hot(kernel, cpu, SYMBOL___preempt_count, FIELD_pcpu_hot_preempt_count,
				 &cpu->preempt_count, sizeof(cpu->preempt_count));
		add_irq_stack(kernel, cpu);
	}
	add_task_stacks(kernel, cpu);
}

const struct stack *cpu_find_stack(const struct cpu *cpu, gva_t sp)
{
	for (unsigned int i = 0; i < cpu->num_stacks; i++) {
		const struct stack *stack = &cpu->stacks[i];

		if (sp.value >= stack->low.value && sp.value < stack->high.value)
			return stack;
	}
	return NULL;
}

static void capture_task(const struct kernel *kernel, gva_t task)
{
	if (!task.value)
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(task_fields); i++) {
		if (kernel_has(kernel, task_fields[i]))
			address_space_prefetch(
				&kernel->space,
				gva_add(task, (uint64_t)kernel->map->fields[task_fields[i]]), 16);
	}
	trampoline_capture(kernel, task);
}

/* Where debuggers that open the core look for CPUs, and for what they run: the run queues. */
static void capture_for_debuggers(const struct kernel *kernel, const struct cpu *cpu)
{
	const uint64_t *symbols = kernel->map->symbols;
	uint64_t runqueues = symbols[SYMBOL_runqueues];

	if (symbols[SYMBOL___cpu_online_mask])
		address_space_prefetch(&kernel->space, gva(symbols[SYMBOL___cpu_online_mask]), 8);
	if (cpu->known && runqueues && kernel_has(kernel, FIELD_rq_curr))
		address_space_prefetch(&kernel->space,
				       gva(cpu->percpu.value + runqueues +
					   (uint64_t)kernel->map->fields[FIELD_rq_curr]),
				       8);
}

/* A CPU comes from its task's stack to its IRQ stack, and from either to exception stacks. */
static int stack_level(const struct stack *stack)
{
	if (stack->kind == STACK_TASK)
		return 0;
	return stack->kind == STACK_IRQ ? 1 : 2;
}

void cpu_capture(const struct kernel *kernel, const struct cpu *cpu)
{
	const struct stack *now = cpu_find_stack(cpu, gva(cpu->registers->rsp));

	capture_task(kernel, cpu->current);
	capture_task(kernel, cpu->stack_task);
	capture_for_debuggers(kernel, cpu);
	if (cpu_in_user_mode(cpu) || !now)
		return;
	for (unsigned int i = 0; i < cpu->num_stacks; i++) {
		const struct stack *stack = &cpu->stacks[i];
		uint64_t low = stack->low.value;

		if (stack_level(stack) > stack_level(now))
			continue;
		/* Below the stack pointer there is nothing of interest. */
		if (stack == now)
			low = cpu->registers->rsp & GUEST_PAGE_MASK;
		address_space_prefetch(&kernel->space, gva(low), stack->high.value - low);
	}
}
