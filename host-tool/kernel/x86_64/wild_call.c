// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A call to an invalid address: the target has no frame, and its caller's address is on top of the
 * stack.
 */
#include "kernel/x86_64/rules.h"

bool find_wild_call_rule(struct walk *walk, struct rule *rule)
{
	gva_t sp = walk_sp(walk), caller;

	if (!walk->interrupted || kernel_is_kernel_address(walk->kernel, walk_pc(walk)) ||
	    !walk_read_u64(walk, sp, &caller.value) || !walk_is_text(walk, caller))
		return false;
	rule->kind = RULE_CALL;
	rule_value(rule, REGISTER_PC, caller.value);
	rule_value(rule, REGISTER_SP, sp.value + 8);
	rule_same(rule, REGISTER_FP);
	return true;
}
