// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/unwind.h"

#include "kernel/arch.h"
#include "kernel/trampolines.h"
#include "kernel/walk.h"

static void add_frame(struct walk *walk, enum stack_kind stack)
{
	struct frame frame = {
		.pc = walk_pc(walk),
		.sp = walk_sp(walk),
		.stack = stack,
		.interrupted = walk->interrupted,
		.reliable = walk->reliable,
		.late = walk->late,
	};

	if (walk->saved.known)
		frame.registers = kernel_arch(walk->kernel)->name_registers(&walk->saved);
	g_array_append_val(walk->result->frames, frame);
}

/* Adds the frame above the kernel's frames: where the task left user mode. */
static void add_user_frame(struct walk *walk)
{
	walk->interrupted = true;
	add_frame(walk, STACK_USER);
	walk->done = true;
}

static void enter_stack(struct walk *walk, const struct stack *stack)
{
	walk->stack = stack;
	walk->stacks_seen |= 1u << (stack - walk->cpu->stacks);
}

/*
 * Moves to the frame above: up the same stack, or to a stack that was not visited before. Otherwise
 * the guest's memory was misread or is hostile.
 */
static bool move(struct walk *walk, const struct register_set *registers)
{
	gva_t sp = gva(registers->values[REGISTER_SP]);
	const struct stack *stack = cpu_find_stack(walk->cpu, sp);

	if (!stack && walk->stack && sp.value == walk->stack->high.value)
		stack = walk->stack; /* the end of the stack: no part of the frame is on it */
	if (!stack && walk->interrupted)
		stack = cpu_find_overflowed_stack(walk->cpu, sp);
	if (!stack) {
		walk_stop(walk,
			  "the next frame at 0x%" G_GINT64_MODIFIER
			  "x is on none of this CPU's stacks",
			  sp.value);
		return false;
	}
	if (stack == walk->stack) {
		if (sp.value <= walk_sp(walk).value) {
			walk_stop(walk,
				  "the next frame at 0x%" G_GINT64_MODIFIER "x does not lie above",
				  sp.value);
			return false;
		}
	} else if (walk_has_seen(walk, stack)) {
		walk_stop(walk, "the next frame is on the %s stack again",
			  stack_kind_name(stack->kind));
		return false;
	}
	enter_stack(walk, stack);
	walk->registers = *registers;
	return true;
}

/* False if the rule says that the register is in memory, and it cannot be read. */
static bool find_register(struct walk *walk, const struct rule *rule, unsigned int number,
			  const struct register_set *old, struct register_set *registers)
{
	const struct place *place = &rule->places[number];
	uint64_t value;

	switch (place->kind) {
	case PLACE_LOST:
		return true;
	case PLACE_SAME:
		if (register_known(old, number))
			register_put(registers, number, old->values[number]);
		return true;
	case PLACE_VALUE:
		register_put(registers, number, place->value);
		return true;
	case PLACE_MEMORY:
		if (!walk_read_u64(walk, gva(place->value), &value))
			return false;
		register_put(registers, number, value);
		return true;
	}
	return false;
}

/* Checked last: a valid frame may have an invalid frame pointer. */
static bool find_frame_pointer(struct walk *walk, const struct rule *rule,
			       const struct register_set *old)
{
	if (find_register(walk, rule, REGISTER_FP, old, &walk->registers))
		return true;
	walk_stop(walk, "the frame pointer above 0x%" G_GINT64_MODIFIER "x cannot be read",
		  walk_pc(walk).value);
	return false;
}

/* Finds the return address, and the original one if a tracer replaced it. */
static bool find_return_address(struct walk *walk, const struct place *place, gva_t *pc)
{
	gva_t task = walk->cpu->stack_task.value ? walk->cpu->stack_task : walk->cpu->current;
	gva_t slot = gva(place->value);

	*pc = gva(place->value);
	if (place->kind == PLACE_VALUE)
		return true;
	if (!walk_read_u64(walk, slot, &pc->value)) {
		walk_stop(walk, "no return address at 0x%" G_GINT64_MODIFIER "x", slot.value);
		return false;
	}
	if (!kernel_is_kernel_address(walk->kernel, *pc)) {
		walk_stop(walk,
			  "0x%" G_GINT64_MODIFIER "x at 0x%" G_GINT64_MODIFIER
			  "x is no return address of the kernel",
			  pc->value, slot.value);
		return false;
	}
	if (!trampoline_recover(walk->kernel, task, slot, pc)) {
		walk_stop(walk,
			  "the tracer's record of the return address at 0x%" G_GINT64_MODIFIER
			  "x was not found",
			  slot.value);
		return false;
	}
	return true;
}

static bool apply_call(struct walk *walk, const struct rule *rule)
{
	struct register_set old = walk->registers, registers = {0};
	gva_t pc;

	walk->saved = (struct register_set){0};
	if (!find_return_address(walk, &rule->places[REGISTER_PC], &pc))
		return false;
	for (unsigned int i = NUM_COMMON_REGISTERS; i < MAX_REGISTERS; i++)
		find_register(walk, rule, i, &old, &registers);
	register_put(&registers, REGISTER_PC, pc.value);
	register_put(&registers, REGISTER_SP, rule->places[REGISTER_SP].value);
	walk->interrupted = kernel_arch(walk->kernel)->is_start_of_task(walk->kernel, pc);
	return move(walk, &registers) && find_frame_pointer(walk, rule, &old);
}

/* Keeps only the registers that were saved, not those that may still be unchanged. */
static void note_saved(struct walk *walk, const struct rule *rule,
		       const struct register_set *registers)
{
	walk->saved = *registers;
	for (unsigned int i = 0; i < MAX_REGISTERS; i++)
		if (rule->places[i].kind == PLACE_SAME)
			register_lose(&walk->saved, i);
}

static bool apply_interrupted(struct walk *walk, const struct rule *rule)
{
	const struct arch *arch = kernel_arch(walk->kernel);
	struct register_set old = walk->registers, registers = {0};

	for (unsigned int i = 0; i < MAX_REGISTERS; i++) {
		if (find_register(walk, rule, i, &old, &registers) || i == REGISTER_FP)
			continue;
		walk_stop(walk, "no registers at 0x%" G_GINT64_MODIFIER "x", rule->saved.value);
		return false;
	}
	note_saved(walk, rule, &registers);
	if (arch->in_user_mode(&registers)) {
		walk->registers = registers;
		add_user_frame(walk);
		return false;
	}
	/* User mode's registers would be here: the stack of a kernel thread ends here. */
	if (walk->stack && walk->stack->kind == STACK_TASK && rule->saved_end.value &&
	    arch->is_user_entry(walk->stack, rule->saved_end)) {
		walk->done = true;
		return false;
	}
	/* After a trap, as after a call, the instruction before the PC counts. */
	walk->interrupted = !arch->is_behind_trap(walk, gva(registers.values[REGISTER_PC]));
	return move(walk, &registers) && find_frame_pointer(walk, rule, &old);
}

/* True: there is another frame. */
static bool step(struct walk *walk)
{
	struct rule rule = {0};

	if (!kernel_arch(walk->kernel)->find_rule(walk, &rule)) {
		walk->done = true;
		return false;
	}
	walk->reliable = walk->reliable && !rule.guess;
	switch (rule.kind) {
	case RULE_CALL:
		return apply_call(walk, &rule);
	case RULE_INTERRUPTED:
		return apply_interrupted(walk, &rule);
	case RULE_END:
		break;
	}
	walk->done = true;
	return false;
}

static void start_walk(struct walk *walk)
{
	const struct stack *stack;

	kernel_arch(walk->kernel)->load_registers(walk->cpu->registers, &walk->registers);
	walk->interrupted = true;
	walk->reliable = true;
	stack = cpu_find_stack(walk->cpu, walk_sp(walk));
	if (stack)
		enter_stack(walk, stack);
}

static void climb(struct walk *walk)
{
	add_frame(walk, walk->stack ? walk->stack->kind : STACK_UNKNOWN);
	while (!walk->done) {
		if (walk->result->frames->len >= UNWIND_MAX_FRAMES) {
			walk_stop(walk, "more than %d frames", UNWIND_MAX_FRAMES);
			break;
		}
		if (step(walk))
			add_frame(walk, walk->stack->kind);
	}
}

void unwind_cpu(const struct kernel *kernel, const struct cpu *cpu, struct unwind_result *result)
{
	struct walk walk = {.kernel = kernel, .cpu = cpu, .result = result};

	*result = (struct unwind_result){.frames = frames_new()};
	start_walk(&walk);
	if (vcpu_in_user_mode(cpu->registers)) {
		add_user_frame(&walk);
		return;
	}
	climb(&walk);
}

void unwind_task(const struct kernel *kernel, gva_t task, gva_t stack, gva_t sp,
		 struct unwind_result *result)
{
	struct vcpu_registers none = {0};
	struct cpu cpu = {.registers = &none, .current = task};
	struct walk walk = {.kernel = kernel, .cpu = &cpu, .result = result, .reliable = true};

	*result = (struct unwind_result){.frames = frames_new()};
	cpu_add_stack(&cpu, STACK_TASK, stack.value, stack.value + kernel->map->stack_size);
	enter_stack(&walk, &cpu.stacks[0]);
	if (!kernel_arch(kernel)->load_switched_out(&walk, sp)) {
		walk_stop(&walk, "what was saved at its stack pointer cannot be read");
		return;
	}
	/* A task that has never run begins at its PC. */
	walk.interrupted = kernel_arch(kernel)->is_start_of_task(kernel, walk_pc(&walk));
	climb(&walk);
}

void unwind_result_clear(struct unwind_result *result)
{
	g_clear_pointer(&result->frames, g_array_unref);
	g_clear_pointer(&result->stopped, g_free);
}
