// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/x86_64/pt_regs.h"

#include "kernel/x86_64/registers.h"

/* In the order of the structure, 8 bytes each. */
static const enum x86_64_register members[PT_REGS_SIZE / 8] = {
	X86_64_R15, X86_64_R14,	     X86_64_R13, X86_64_R12, X86_64_RBP,    X86_64_RBX, X86_64_R11,
	X86_64_R10, X86_64_R9,	     X86_64_R8,	 X86_64_RAX, X86_64_RCX,    X86_64_RDX, X86_64_RSI,
	X86_64_RDI, X86_64_ORIG_RAX, X86_64_RIP, X86_64_CS,  X86_64_RFLAGS, X86_64_RSP, X86_64_SS,
};

static void place_members(gva_t at, unsigned int offset, struct rule *rule)
{
	for (; offset < PT_REGS_SIZE; offset += 8)
		rule_memory(rule, members[offset / 8], at.value + offset);
}

void pt_regs_rule(gva_t at, struct rule *rule)
{
	rule->kind = RULE_INTERRUPTED;
	rule->saved = at;
	rule->saved_end = gva_add(at, PT_REGS_SIZE);
	place_members(at, 0, rule);
}

void iret_frame_rule(gva_t at, struct rule *rule)
{
	rule->kind = RULE_INTERRUPTED;
	rule->saved = gva(at.value - PT_REGS_IP);
	for (unsigned int offset = 0; offset < PT_REGS_ORIG_AX; offset += 8)
		rule_same(rule, members[offset / 8]);
	place_members(rule->saved, PT_REGS_IP, rule);
}
