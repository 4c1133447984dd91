// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The detour of an optimised kprobe (arch/x86/kernel/kprobes/opt.c) has pushed all registers and
 * called optimized_callback(). That function sets regs->ip to one byte after the probe.
 */
#include "kernel/x86_64/pt_regs.h"
#include "kernel/x86_64/registers.h"
#include "kernel/x86_64/rules.h"

static bool called_by_detour(const struct walk *walk)
{
	const struct frame *callee = walk_callee(walk);

	return !walk->interrupted && callee &&
	       walk_in_function(walk, callee->pc, "optimized_callback");
}

bool find_optprobe_rule(struct walk *walk, struct rule *rule)
{
	gva_t at = walk_sp(walk), ip;
	uint64_t orig_ax;

	if (kernel_in_core_image(walk->kernel, walk_pc(walk)) || !called_by_detour(walk))
		return false;
	if (!walk_read_u64(walk, gva_add(at, PT_REGS_ORIG_AX), &orig_ax) || orig_ax != UINT64_MAX ||
	    !walk_read_u64(walk, gva_add(at, PT_REGS_IP), &ip.value) ||
	    !kernel_is_kernel_address(walk->kernel, ip)) {
		walk_stop(walk,
			  "the optimised kprobe at 0x%" G_GINT64_MODIFIER "x has no registers",
			  walk_pc(walk).value);
		return true;
	}
	pt_regs_rule(at, rule);
	rule->saved_end = gva(0); /* these are not registers that an entry has pushed */
	rule_value(rule, X86_64_RSP, at.value + PT_REGS_SIZE);
	for (unsigned int i = X86_64_RFLAGS; i <= X86_64_ORIG_RAX; i++)
		rule->places[i] = (struct place){.kind = PLACE_LOST};
	return true;
}
