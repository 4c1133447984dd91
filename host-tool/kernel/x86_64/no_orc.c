// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A function that ORC does not describe: STACK_FRAME_NON_STANDARD, as of __crash_kexec() (5.4 to
 * 7.3) and clear_bhb_loop() (since 5.15), or OBJECT_FILES_NON_STANDARD, as of the ciphers in
 * assembler (up to 5.10). The size of its frame is unknown, but its return address is the one that
 * follows a call of it.
 */
#include "kernel/x86_64/rules.h"

#define SEARCH_MAX 2048 /* bytes of stack: __crash_kexec() has a struct pt_regs there */

/* May @address be the return address of another call than @function's own ones? */
static bool may_be_return_address(const struct walk *walk, gva_t address, gva_t function)
{
	gva_t caller;

	return follows_call(walk, address) &&
	       !(find_function(walk, gva(address.value - 1), &caller) &&
		 caller.value == function.value);
}

bool find_no_orc_rule(struct walk *walk, struct rule *rule)
{
	gva_t function, word;

	/* If the call never returns, a return address may belong to the next function. */
	if (!find_function(walk, gva(walk_pc(walk).value - !walk->interrupted), &function))
		return false;
	for (uint64_t offset = 0; offset < SEARCH_MAX; offset += sizeof(word)) {
		gva_t slot = gva_add(walk_sp(walk), offset);

		if (!walk_read_u64(walk, slot, &word.value))
			return false;
		if (!walk_is_text(walk, word))
			continue;
		if (follows_call_of(walk, word, function)) {
			rule->kind = RULE_CALL;
			rule_memory(rule, REGISTER_PC, slot.value);
			rule_value(rule, REGISTER_SP, slot.value + sizeof(word));
			return true;
		}
		/* A call through a pointer cannot be told from an earlier call's trace. */
		rule->guess = rule->guess || may_be_return_address(walk, word, function);
	}
	return false;
}
