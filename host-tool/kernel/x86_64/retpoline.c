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
#define REX_B 0x41
#define INDIRECT 0xff /* with JMP_REGISTER and the register's number as the ModRM byte */
#define JMP_REGISTER 0xe0

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
	return_rule(slot, rule);
	return true;
}

/*
 * Thunks for CPUs with the ITS bug (its_alloc() in arch/x86/kernel/alternative.c, 5.10 to 7.3):
 * just `jmp *%reg`, in memory of their own, which has neither ORC nor names. A jump to an address
 * that is not canonical faults here.
 */
static bool is_jump_through_register(const uint8_t code[3])
{
	bool high = code[0] == REX_B;

	return code[high] == INDIRECT && (code[high + 1] & 0xf8) == JMP_REGISTER;
}

bool find_its_thunk_rule(struct walk *walk, struct rule *rule)
{
	gva_t slot = walk_sp(walk), caller, function;
	uint8_t code[3];

	if (!walk->interrupted || find_function(walk, walk_pc(walk), &function) ||
	    !address_space_read(&walk->kernel->space, walk_pc(walk), code, sizeof(code), NULL,
				NULL) ||
	    !is_jump_through_register(code) || !walk_read_u64(walk, slot, &caller.value) ||
	    !walk_is_text(walk, caller))
		return false;
	return_rule(slot, rule);
	rule->guess = !follows_call(walk, caller);
	return true;
}
