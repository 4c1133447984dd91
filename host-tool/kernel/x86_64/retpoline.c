// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Retpolines (arch/x86/lib/retpoline.S): for their first instructions ORC says that the stack ends,
 * and for their last that the caller is the function to be called. The return address is on top of
 * the stack, or below the word that the retpoline has pushed: an address in itself, which it then
 * replaces by the function's.
 */
#include "kernel/x86_64/rules.h"

#define RET 0xc3
#define JMP 0xe9 /* to a thunk that returns */

bool find_retpoline_rule(struct walk *walk, struct rule *rule)
{
	static const char thunk[] = "__x86_indirect_";
	gva_t slot = walk_sp(walk), top;
	uint8_t code;

	if (!walk->interrupted || !walk_in_function_like(walk, walk_pc(walk), thunk) ||
	    !walk_read_u64(walk, slot, &top.value) ||
	    !address_space_read(&walk->kernel->space, walk_pc(walk), &code, 1, NULL, NULL))
		return false;
	if (code == RET || code == JMP || walk_in_function_like(walk, top, thunk))
		slot = gva_add(slot, 8);
	rule->kind = RULE_CALL;
	rule_memory(rule, REGISTER_PC, slot.value);
	rule_value(rule, REGISTER_SP, slot.value + 8);
	rule_same(rule, REGISTER_FP);
	return true;
}
