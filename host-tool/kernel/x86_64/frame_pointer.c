// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Code that begins with `push %rbp; mov %rsp, %rbp`: RBP points to the saved RBP of the caller, and
 * the return address is above it.
 */
#include <string.h>

#include "kernel/x86_64/pt_regs.h"
#include "kernel/x86_64/rules.h"

void frame_pointer_rule(const struct walk *walk, struct rule *rule)
{
	uint64_t fp = walk_fp(walk);

	rule->kind = RULE_CALL;
	rule_memory(rule, REGISTER_PC, fp + 8);
	rule_value(rule, REGISTER_SP, fp + 16);
	rule_memory(rule, REGISTER_FP, fp);
}

bool find_unknown_code_rule(struct walk *walk, struct rule *rule)
{
	if (kernel_in_core_image(walk->kernel, walk_pc(walk)))
		return false;
	frame_pointer_rule(walk, rule);
	rule->guess = true;
	return true;
}

#define PUSH_RBP 0x55
#define RET 0xc3
#define PROLOGUE "\x55\x48\x89\xe5" /* push %rbp; mov %rsp, %rbp */
#define PROLOGUE_LENGTH 4
#define SEARCH_MAX 1024 /* bytes of a function; other instructions may come before the prologue */

/* Compilers put other instructions between the two. */
static bool has_prologue(const uint8_t *code, size_t length)
{
	static const uint8_t mov_rsp_rbp[] = {0x48, 0x89, 0xe5};
	const uint8_t *mov = memmem(code, length, mov_rsp_rbp, sizeof(mov_rsp_rbp));

	return mov && memchr(code, PUSH_RBP, (size_t)(mov - code));
}

/* Does the function set up a frame pointer before @pc? */
static bool set_up_before(const struct walk *walk, gva_t pc)
{
	uint8_t code[SEARCH_MAX];
	uint64_t length;
	gva_t function;

	if (!find_function(walk, pc, &function))
		return false;
	length = MIN(pc.value - function.value, sizeof(code));
	return address_space_read(&walk->kernel->space, function, code, length, NULL, NULL) &&
	       has_prologue(code, length);
}

/*
 * In a kernel with frame pointers a function sets one up before it makes a call (objtool checks
 * this), but maybe not in this part of its code. A function that was interrupted may have none yet,
 * or none at all.
 */
static bool is_sure(const struct walk *walk, const struct rule *rule)
{
	gva_t caller = gva(rule->places[REGISTER_PC].value - 1);

	return set_up_before(walk, walk_pc(walk)) ||
	       (!walk->interrupted && set_up_before(walk, caller));
}

/*
 * Interrupted in a function with no frame pointer set up before, such as one that makes no calls:
 * the top of the stack may be the return address. It is certain if a call of this function precedes
 * it; else it is a guess, as in the kernel's own trace.
 */
static bool find_leaf_rule(struct walk *walk, struct rule *rule)
{
	gva_t slot = walk_sp(walk), caller, function;

	if (set_up_before(walk, walk_pc(walk)) || !walk_read_u64(walk, slot, &caller.value) ||
	    !walk_is_text(walk, caller) || !set_up_before(walk, gva(caller.value - 1)))
		return false;
	return_rule(slot, rule);
	rule->guess = !find_function(walk, walk_pc(walk), &function) ||
		      !follows_call_of(walk, caller, function);
	return true;
}

/*
 * Interrupted before the frame pointer is set up, or after it is removed: the return address is on
 * top of the stack, or below what was pushed.
 */
static bool find_frameless_rule(struct walk *walk, struct rule *rule)
{
	uint8_t code[4];
	gva_t slot = walk_sp(walk), caller;

	if (!walk->interrupted ||
	    !address_space_read(&walk->kernel->space, gva(walk_pc(walk).value - 1), code,
				sizeof(code), NULL, NULL))
		return false;
	if (!memcmp(code, PROLOGUE, PROLOGUE_LENGTH)) /* push %rbp has run */
		slot = gva_add(slot, 8);
	else if (code[1] != PUSH_RBP && code[1] != RET)
		return find_leaf_rule(walk, rule);
	if (!walk_read_u64(walk, slot, &caller.value) || !walk_is_text(walk, caller))
		return false;
	return_rule(slot, rule);
	rule->guess = code[1] != RET && !set_up_before(walk, gva(caller.value - 1));
	return true;
}

/* The frame above may be on another stack, anywhere. */
static bool lies_below(const struct walk *walk, gva_t fp)
{
	return cpu_find_stack(walk->cpu, fp) == walk->stack && fp.value < walk_sp(walk).value;
}

static bool find_chain_rule(struct walk *walk, struct rule *rule)
{
	uint64_t fp = walk_fp(walk), above;
	gva_t caller;

	if (lies_below(walk, gva(fp)) || !walk_read_u64(walk, gva(fp + 8), &caller.value) ||
	    !walk_is_text(walk, caller) || !walk_read_u64(walk, gva(fp), &above))
		return false;
	rule->kind = RULE_CALL;
	rule_value(rule, REGISTER_PC, caller.value);
	rule_value(rule, REGISTER_SP, fp + 16);
	rule_value(rule, REGISTER_FP, above);
	return true;
}

bool find_frame_pointer_rule(struct walk *walk, struct rule *rule)
{
	uint64_t fp = walk_fp(walk);

	/* Entry code marks the frame pointer of a pt_regs (ENCODE_FRAME_POINTER in asm/frame.h). */
	if ((fp & 1) && cpu_find_stack(walk->cpu, gva(fp))) {
		pt_regs_rule(gva(fp - 1), rule);
		return true;
	}
	if (find_frameless_rule(walk, rule))
		return true;
	if (!find_chain_rule(walk, rule))
		return false;
	rule->guess = !is_sure(walk, rule);
	return true;
}
