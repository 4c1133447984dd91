// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kernel without ORC where no frame pointer leads on: looks for words that may be return
 * addresses.
 */
#include "kernel/x86_64/pt_regs.h"
#include "kernel/x86_64/registers.h"
#include "kernel/x86_64/rules.h"

/* Goes from the end of an IRQ stack to the previously used stack, without a frame. */
static const struct stack *below_irq_stack(const struct walk *walk, const struct stack *stack,
					   gva_t *sp)
{
	const struct stack *next;

	if (!stack || stack->kind != STACK_IRQ ||
	    !kernel_arch(walk->kernel)->previous_sp(walk->kernel, stack, sp))
		return NULL;
	next = cpu_find_stack(walk->cpu, *sp);
	return next && next != stack && !walk_has_seen(walk, next) ? next : NULL;
}

/*
 * Goes from the end of another stack to user mode, or to the code that the exception interrupted.
 */
static void leave_stack(struct walk *walk, const struct stack *stack, struct rule *rule)
{
	rule->kind = RULE_END; /* a kernel thread's stack */
	if (!stack)
		return;
	if (stack->kind != STACK_TASK) {
		gva_t end = gva(stack->high.value - stack->padding);

		iret_frame_rule(gva(end.value - IRET_FRAME_SIZE), rule);
		return;
	}
	for (uint64_t padding = 0; padding <= FRED_PADDING; padding += FRED_PADDING) {
		gva_t at = gva(stack->high.value - padding - PT_REGS_SIZE);
		uint64_t cs;

		if (walk_read_u64(walk, gva_add(at, PT_REGS_CS), &cs) && (cs & 3) == 3) {
			pt_regs_rule(at, rule);
			return;
		}
	}
}

bool find_scan_rule(struct walk *walk, struct rule *rule)
{
	const struct stack *stack = walk->stack, *next = stack;
	gva_t sp = walk_sp(walk), found;

	rule->guess = true;
	do {
		stack = next;
		for (gva_t slot = sp; walk_read_u64(walk, slot, &found.value);
		     slot = gva_add(slot, 8)) {
			if (walk_is_text(walk, found)) {
				return_rule(slot, rule);
				return true;
			}
		}
		next = below_irq_stack(walk, stack, &sp);
	} while (next);
	leave_stack(walk, stack, rule);
	return true;
}
