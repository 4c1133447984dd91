// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BPF programs and BPF trampolines (arch/x86/net/bpf_jit_comp.c, 5.8 to 7.3). They begin with code
 * that leaves the stack alone, into which a call of a trampoline may be patched, and then keep a
 * frame pointer until `leave`.
 */
#include <string.h>

#include "kernel/bpf.h"
#include "kernel/modules.h"
#include "kernel/resolve.h"
#include "kernel/x86_64/rules.h"

#define PROLOGUE "\x55\x48\x89\xe5" /* push %rbp; mov %rsp, %rbp */
#define PROLOGUE_LENGTH 4
#define START_MAX 64 /* bytes up to the end of the prologue: 32 with CFI */
#define LEAVE 0xc9
#define RET 0xc3
#define JMP 0xe9 /* followed by 4 bytes: the distance from the end of the instruction */
#define JMP_LENGTH 5
#define SKIP_FRAME "\x48\x83\xc4\x08" /* add $8, %rsp: BPF_TRAMP_F_SKIP_FRAME */
#define SKIP_FRAME_LENGTH 4

/* The return thunks of all mitigations have such names. */
static bool jumps_to_return_thunk(const struct walk *walk, gva_t pc, const uint8_t code[JMP_LENGTH])
{
	struct resolved_symbol symbol;
	int32_t distance;
	bool thunk;

	if (code[0] != JMP)
		return false;
	memcpy(&distance, code + 1, sizeof(distance));
	kernel_resolve(walk->kernel, gva(pc.value + JMP_LENGTH + (uint64_t)(int64_t)distance),
		       &symbol);
	thunk = symbol.name && symbol.offset == 0 && g_str_has_suffix(symbol.name, "return_thunk");
	resolved_symbol_clear(&symbol);
	return thunk;
}

/* Behind `leave` the return address is on top of the stack. */
static bool is_behind_leave(const struct walk *walk)
{
	uint8_t code[1 + JMP_LENGTH];

	/* At the end of a page fewer bytes may be mapped: RET is one byte. */
	if (!walk->interrupted ||
	    !address_space_read(&walk->kernel->space, gva(walk_pc(walk).value - 1), code, 2, NULL,
				NULL))
		return false;
	if (code[1] == RET)
		return true;
	if (!address_space_read(&walk->kernel->space, walk_pc(walk), code + 1, JMP_LENGTH, NULL,
				NULL))
		return false;
	return jumps_to_return_thunk(walk, walk_pc(walk), code + 1) ||
	       (code[0] == LEAVE && !memcmp(code + 1, SKIP_FRAME, SKIP_FRAME_LENGTH));
}

/* Where the prologue is, from @start on. */
static bool find_prologue(const struct walk *walk, gva_t start, gva_t end, uint64_t *offset)
{
	uint8_t code[START_MAX];
	size_t length = MIN(end.value - start.value, sizeof(code));
	const uint8_t *prologue;

	if (!address_space_read(&walk->kernel->space, start, code, length, NULL, NULL))
		return false;
	prologue = memmem(code, length, PROLOGUE, PROLOGUE_LENGTH);
	if (prologue)
		*offset = (uint64_t)(prologue - code);
	return prologue;
}

bool find_bpf_rule(struct walk *walk, struct rule *rule)
{
	uint64_t prologue, offset;
	gva_t start, end;
	bool known;

	if (kernel_in_core_image(walk->kernel, walk_pc(walk)) ||
	    !bpf_find(walk->kernel, walk_pc(walk), &start, &end))
		return false;
	known = find_prologue(walk, start, end, &prologue);
	offset = walk_pc(walk).value - start.value;
	if ((known && offset <= prologue) || is_behind_leave(walk)) {
		return_rule(walk_sp(walk), rule);
	} else if (known && offset == prologue + 1) { /* push %rbp has run */
		return_rule(gva_add(walk_sp(walk), 8), rule);
	} else {
		frame_pointer_rule(walk, rule);
		/* As in a dispatcher, which only jumps. */
		rule->guess = !known;
	}
	return true;
}
