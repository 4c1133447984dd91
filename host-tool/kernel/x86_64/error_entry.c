// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Since 5.17 error_entry() (arch/x86/entry/entry_64.S) pushes the registers and returns their
 * address in RAX, or jumps to sync_regs() for that. The entry code then makes RAX its stack
 * pointer. From the call until then, ORC of the entry code describes the stack as if nothing were
 * pushed.
 */
#include <string.h>

#include "kernel/x86_64/pt_regs.h"
#include "kernel/x86_64/registers.h"
#include "kernel/x86_64/rules.h"

static bool find_registers(const struct walk *walk, gva_t *at)
{
	static const uint8_t mov_rax_rsp[] = {0x48, 0x89, 0xc4};
	const struct frame *callee = walk_callee(walk);
	uint8_t code[sizeof(mov_rax_rsp)];

	/* sync_regs() calls nothing: the CPU is in it, or was interrupted in it. */
	if (!walk->interrupted && !(callee && callee->interrupted))
		return false;
	if (!address_space_read(&walk->kernel->space, walk_pc(walk), code, sizeof(code), NULL,
				NULL) ||
	    memcmp(code, mov_rax_rsp, sizeof(code)) != 0 ||
	    !walk_in_function_like(walk, walk_pc(walk), "asm_"))
		return false;
	if (walk->interrupted) {
		*at = gva(walk->registers.values[X86_64_RAX]);
		return register_known(&walk->registers, X86_64_RAX) &&
		       cpu_find_stack(walk->cpu, *at);
	}
	*at = walk_sp(walk);
	return walk_in_function(walk, callee->pc, "sync_regs");
}

bool find_error_entry_rule(struct walk *walk, struct rule *rule)
{
	gva_t at;

	if (!find_registers(walk, &at))
		return false;
	pt_regs_rule(at, rule);
	return true;
}
