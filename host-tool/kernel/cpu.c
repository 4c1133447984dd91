// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/cpu.h"

#include "kernel/arch.h"
#include "kernel/trampolines.h"

/* The guard page: how far a stack pointer can be below its stack after an overflow. */
#define GUARD_SIZE GUEST_PAGE_SIZE

/* The task fields that a report shows. */
static const enum kernel_field task_fields[] = {
	FIELD_task_stack,     FIELD_task_pid,	    FIELD_task_comm,	 FIELD_task_state,
	FIELD_task_state_old, FIELD_task_ret_stack, FIELD_task_rethooks,
};

bool cpu_percpu_base(const struct kernel *kernel, unsigned int number, gva_t *base)
{
	uint64_t table = kernel->map->symbols[SYMBOL___per_cpu_offset];

	/* Without CONFIG_SMP the symbols give the addresses of the CPU's variables. */
	if (!kernel_map_smp(kernel->map)) {
		*base = gva(0);
		return number == 0;
	}
	return table &&
	       address_space_read_u64(&kernel->space, gva_add(gva(table), 8 * (uint64_t)number),
				      &base->value, NULL) &&
	       base->value;
}

unsigned int cpu_count_possible(const struct kernel *kernel)
{
	uint32_t count;

	if (!kernel_map_smp(kernel->map))
		return 1;
	if (!kernel_read_variable(kernel, SYMBOL_nr_cpu_ids, &count, sizeof(count), NULL))
		return MAX_VCPUS;
	return MIN(count, MAX_VCPUS);
}

bool cpu_read_percpu(const struct kernel *kernel, struct cpu *cpu, enum kernel_symbol symbol,
		     uint64_t offset, void *buffer, size_t length)
{
	uint64_t value = kernel->map->symbols[symbol];

	return value && address_space_read(&kernel->space, gva(cpu->percpu.value + value + offset),
					   buffer, length, &cpu->late, NULL);
}

/*
 * current_task, hardirq_stack_ptr and the preempt count: symbols, or members of pcpu_hot (6.2 to
 * 6.14).
 */
bool cpu_read_hot(const struct kernel *kernel, struct cpu *cpu, enum kernel_symbol symbol,
		  enum kernel_field field, void *buffer, size_t length)
{
	if (kernel->map->symbols[symbol])
		return cpu_read_percpu(kernel, cpu, symbol, 0, buffer, length);
	return kernel_has(kernel, field) &&
	       cpu_read_percpu(kernel, cpu, SYMBOL_pcpu_hot, (uint64_t)kernel->map->fields[field],
			       buffer, length);
}

void cpu_add_stack(struct cpu *cpu, enum stack_kind kind, uint64_t low, uint64_t high)
{
	if (cpu->num_stacks < CPU_MAX_STACKS && low < high)
		cpu->stacks[cpu->num_stacks++] =
			(struct stack){.kind = kind, .low = gva(low), .high = gva(high)};
}

static bool task_stack(const struct kernel *kernel, gva_t task, uint64_t *low)
{
	return task.value &&
	       kernel_read_field(kernel, task, FIELD_task_stack, low, sizeof(*low), NULL) &&
	       *low % kernel->map->stack_size == 0 && kernel_is_kernel_address(kernel, gva(*low));
}

static bool has_irq_stack(const struct cpu *cpu)
{
	for (unsigned int i = 0; i < cpu->num_stacks; i++)
		if (cpu->stacks[i].kind == STACK_IRQ)
			return true;
	return false;
}

/*
 * The stack belongs neither to `current` nor to the CPU: during a context switch either the stack
 * or `current` has changed already. The run queue names the other task. Without it, this assumes
 * that the stack is aligned to its size. If the CPU's IRQ stack is unknown, the stack may be it.
 */
static void add_foreign_stack(const struct kernel *kernel, struct cpu *cpu, gva_t sp)
{
	uint64_t low = sp.value & ~(kernel->map->stack_size - 1);
	uint64_t other_low;
	gva_t other = gva(0);
	enum stack_kind kind = has_irq_stack(cpu) ? STACK_TASK : STACK_UNKNOWN;
	struct mapping mapping;

	if (!address_space_translate(&kernel->space, sp, &mapping, NULL))
		return;
	if (kernel_has(kernel, FIELD_rq_curr) &&
	    cpu_read_percpu(kernel, cpu, SYMBOL_runqueues,
			    (uint64_t)kernel->map->fields[FIELD_rq_curr], &other.value, 8) &&
	    other.value != cpu->current.value && task_stack(kernel, other, &other_low) &&
	    other_low == low) {
		cpu->stack_task = other;
		kind = STACK_TASK;
	}
	cpu_add_stack(cpu, kind, low, low + kernel->map->stack_size);
}

static void add_task_stacks(const struct kernel *kernel, struct cpu *cpu)
{
	gva_t sp = vcpu_sp(cpu->registers);
	uint64_t low;

	if (task_stack(kernel, cpu->current, &low))
		cpu_add_stack(cpu, STACK_TASK, low, low + kernel->map->stack_size);
	if (vcpu_in_user_mode(cpu->registers))
		return;
	/* Hostile stacks may loop, so the way to the task's stack is bounded. */
	for (int i = 0; i < CPU_MAX_STACKS && kernel_is_kernel_address(kernel, sp); i++) {
		const struct stack *stack = cpu_find_stack(cpu, sp);

		if (!stack) {
			add_foreign_stack(kernel, cpu, sp);
			return;
		}
		if (!kernel_arch(kernel)->previous_sp(kernel, stack, &sp))
			return;
	}
}

void cpu_identify(const struct kernel *kernel, const struct vcpu_registers *registers,
		  struct cpu *cpu)
{
	const struct arch *arch = kernel_arch(kernel);

	*cpu = (struct cpu){.registers = registers, .fit = arch->fit(kernel, registers)};
	if (cpu->fit != VCPU_FITS)
		return;
	arch->add_hardware_stacks(kernel, cpu);
	cpu->known = arch->find_cpu_number(kernel, registers, &cpu->number) &&
		     cpu_percpu_base(kernel, cpu->number, &cpu->percpu);
	if (cpu->known) {
		if (!cpu_read_hot(kernel, cpu, SYMBOL_current_task, FIELD_pcpu_hot_current_task,
				  &cpu->current.value, sizeof(cpu->current.value)) ||
		    !kernel_is_kernel_address(kernel, cpu->current))
			cpu->current = gva(0);
		cpu->preempt_known = cpu_read_hot(kernel, cpu, SYMBOL___preempt_count,
						  FIELD_pcpu_hot_preempt_count, &cpu->preempt_count,
						  sizeof(cpu->preempt_count));
		arch->add_cpu_stacks(kernel, cpu);
	}
	add_task_stacks(kernel, cpu);
}

void cpu_reject_twins(struct cpu *cpus, unsigned int num_cpus)
{
	g_autoptr(GHashTable) claimed = g_hash_table_new(NULL, NULL);

	for (unsigned int i = 0; i < num_cpus; i++) {
		struct cpu *cpu = &cpus[i];
		struct cpu *first;

		if (!cpu->known)
			continue;
		first = g_hash_table_lookup(claimed, GUINT_TO_POINTER(cpu->number));
		if (first)
			first->fit = cpu->fit = VCPU_TWIN;
		else
			g_hash_table_insert(claimed, GUINT_TO_POINTER(cpu->number), cpu);
	}
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

const struct stack *cpu_find_overflowed_stack(const struct cpu *cpu, gva_t sp)
{
	for (unsigned int i = 0; i < cpu->num_stacks; i++) {
		const struct stack *stack = &cpu->stacks[i];

		if (stack->kind == STACK_TASK && sp.value < stack->low.value &&
		    stack->low.value - sp.value <= GUARD_SIZE)
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

/* Debuggers that open the core find CPUs and current tasks through the run queues. */
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

/*
 * A CPU switches from its task's stack to its IRQ stack, and from either to exception stacks. An
 * unknown stack may be the IRQ stack.
 */
static int stack_level(const struct stack *stack)
{
	if (stack->kind == STACK_TASK)
		return 0;
	return stack->kind == STACK_IRQ || stack->kind == STACK_UNKNOWN ? 1 : 2;
}

void cpu_capture(const struct kernel *kernel, const struct cpu *cpu)
{
	const struct stack *now = cpu_find_stack(cpu, vcpu_sp(cpu->registers));

	capture_task(kernel, cpu->current);
	capture_task(kernel, cpu->stack_task);
	capture_for_debuggers(kernel, cpu);
	if (vcpu_in_user_mode(cpu->registers) || !now)
		return;
	for (unsigned int i = 0; i < cpu->num_stacks; i++) {
		const struct stack *stack = &cpu->stacks[i];
		uint64_t low = stack->low.value;

		if (stack_level(stack) > stack_level(now))
			continue;
		/* Memory below the stack pointer is not needed. */
		if (stack == now)
			low = vcpu_sp(cpu->registers).value & GUEST_PAGE_MASK;
		address_space_prefetch(&kernel->space, gva(low), stack->high.value - low);
	}
}
