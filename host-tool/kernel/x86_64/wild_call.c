// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A call of an address where no code is: the target has no frame, and its caller's address is on
 * top of the stack.
 */
#include "kernel/modules.h"
#include "kernel/x86_64/rules.h"

/*
 * Outside the known text the page tables decide, in the image, too: init text is executable during
 * the boot.
 */
static bool is_code(const struct kernel *kernel, gva_t pc)
{
	struct mapping mapping;

	if (kernel_is_core_text(kernel, pc) ||
	    (kernel->modules && modules_find(kernel->modules, pc)))
		return true;
	return kernel_is_kernel_address(kernel, pc) &&
	       address_space_translate(&kernel->space, pc, &mapping, NULL) && mapping.executable &&
	       !mapping.user;
}

bool find_wild_call_rule(struct walk *walk, struct rule *rule)
{
	gva_t slot = walk_sp(walk), caller;

	if (!walk->interrupted || is_code(walk->kernel, walk_pc(walk)) ||
	    !walk_read_u64(walk, slot, &caller.value) || !walk_is_text(walk, caller))
		return false;
	return_rule(slot, rule);
	/* Else a damaged stack may have led here. */
	rule->guess = !follows_call(walk, caller);
	return true;
}
