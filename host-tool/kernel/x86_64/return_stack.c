// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A Spectre mitigation: each task switch fills the CPU's return stack buffer (FILL_RETURN_BUFFER in
 * arch/x86/include/asm/nospec-branch.h) with calls that skip a trap, and then drops the pushed
 * return addresses. It is an alternative, and the ORC of 5.10 is wrong for parts of it. The frame
 * is as before the first call: the nearest earlier entry that leads to a return address is right.
 */
#include <string.h>

#include "kernel/resolve.h"
#include "kernel/x86_64/rules.h"

#define CALL 0xe8
#define CALL_LENGTH 5
#define TRAP_MAX 8 /* INT3, or PAUSE; LFENCE; JMP */
#define PRELUDE_MAX 16
#define PUSHED_MAX (32 * 8) /* RSB_CLEAR_LOOPS */

/* A call that only skips a few bytes. Retpolines begin with one that does something else. */
static bool is_stuffing_call(const struct kernel *kernel, gva_t address)
{
	struct resolved_symbol symbol;
	uint8_t code[CALL_LENGTH];
	int32_t distance;
	bool first;

	if (!kernel_is_core_text(kernel, address) ||
	    !address_space_read(&kernel->space, address, code, sizeof(code), NULL, NULL) ||
	    code[0] != CALL)
		return false;
	memcpy(&distance, code + 1, sizeof(distance));
	if (distance <= 0 || distance > TRAP_MAX)
		return false;
	kernel_resolve(kernel, address, &symbol);
	first = symbol.offset == 0;
	resolved_symbol_clear(&symbol);
	return !first;
}

/* If @walk is among these calls: finds the first of them, and the bytes that they have pushed. */
static bool among_stuffing_calls(struct walk *walk, gva_t *first, uint64_t *bytes)
{
	uint64_t address;

	*first = gva(UINT64_MAX);
	if (!walk->interrupted)
		return false;
	if (is_stuffing_call(walk->kernel, walk_pc(walk)))
		*first = walk_pc(walk);
	for (*bytes = 0; *bytes < PUSHED_MAX; *bytes += sizeof(address)) {
		if (!walk_read_u64(walk, gva_add(walk_sp(walk), *bytes), &address) ||
		    !is_stuffing_call(walk->kernel, gva(address - CALL_LENGTH)))
			break;
		*first = gva(MIN(first->value, address - CALL_LENGTH));
	}
	return first->value != UINT64_MAX;
}

bool find_return_stack_rule(struct walk *walk, struct rule *rule)
{
	uint64_t pushed, address;
	gva_t first, sp;

	if (!among_stuffing_calls(walk, &first, &pushed))
		return false;
	for (unsigned int back = 0; back <= PRELUDE_MAX; back++) {
		struct orc_entry entry;

		if (!find_text_orc(walk->kernel, gva(first.value - back), &entry, NULL) ||
		    entry.type != ORC_TYPE_CALL || !orc_previous_sp(walk, &entry, &sp))
			continue;
		sp = gva_add(sp, pushed);
		if (walk_read_u64(walk, gva(sp.value - sizeof(address)), &address) &&
		    kernel_is_core_text(walk->kernel, gva(address))) {
			orc_call_rule(walk, &entry, sp, rule);
			return true;
		}
	}
	return false;
}
