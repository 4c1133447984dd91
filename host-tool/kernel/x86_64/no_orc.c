// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A function that ORC does not describe: STACK_FRAME_NON_STANDARD, as of __crash_kexec() (5.4 to
 * 7.3) and clear_bhb_loop() (since 5.15), or OBJECT_FILES_NON_STANDARD, as of the ciphers in
 * assembler (up to 5.10). The size of its frame is unknown, but its return address is the one that
 * follows a call of it.
 */
#include <string.h>

#include "kernel/x86_64/registers.h"
#include "kernel/x86_64/rules.h"

#define PROLOGUE_MAX 64 /* bytes up to the end of the instruction that makes the frame */
#define FUNCTION_MAX 1024
#define PUSH_RBX 0x53
#define PUSH_RBP 0x55
#define PUSH_R12 0x54 /* these after REX_B */
#define PUSH_R15 0x57
#define REX_B 0x41
#define SUB_RSP_8 "\x48\x83\xec"  /* sub $(8 bits), %rsp */
#define SUB_RSP_32 "\x48\x81\xec" /* sub $(32 bits), %rsp */
#define SUB_RSP_LENGTH 3
#define SEARCH_MAX 2048 /* bytes of stack: __crash_kexec() has a struct pt_regs there */

/* May @address be the return address of another call than @function's own ones? */
static bool may_be_return_address(const struct walk *walk, gva_t address, gva_t function)
{
	gva_t caller;

	return follows_call(walk, address) &&
	       !(find_function(walk, gva(address.value - 1), &caller) &&
		 caller.value == function.value);
}

/* What the first instructions of a function do to the stack. */
struct prologue {
	uint64_t frame_size; /* bytes below the return address */
	uint64_t rbp;	     /* bytes from RBP's place up to the return address; 0: not saved */
};

/*
 * Counts the bytes that look like a push: others may, too, so the caller compares the size of the
 * frame with the real one.
 */
static bool read_prologue(const uint8_t code[PROLOGUE_MAX], struct prologue *prologue)
{
	const uint8_t *small = memmem(code, PROLOGUE_MAX - 4, SUB_RSP_8, SUB_RSP_LENGTH);
	const uint8_t *large = memmem(code, PROLOGUE_MAX - 4, SUB_RSP_32, SUB_RSP_LENGTH);
	const uint8_t *sub = !small || (large && large < small) ? large : small;
	uint32_t local = 0;

	*prologue = (struct prologue){0};
	if (!sub)
		return false;
	memcpy(&local, sub + SUB_RSP_LENGTH, sub == small ? 1 : sizeof(local));
	for (const uint8_t *at = code; at < sub; at++) {
		bool high = *at == REX_B && at[1] >= PUSH_R12 && at[1] <= PUSH_R15;

		if (!high && *at != PUSH_RBX && *at != PUSH_RBP)
			continue;
		prologue->frame_size += 8;
		if (!high && *at == PUSH_RBP)
			prologue->rbp = prologue->frame_size;
		at += high;
	}
	prologue->frame_size += local;
	return true;
}

/* A compiler may save RBP only on some paths: mov %rbp, offset(%rsp). */
static bool stores_rbp(const uint8_t *code, size_t length)
{
	return memmem(code, length, "\x48\x89\x6c\x24", 4) ||
	       memmem(code, length, "\x48\x89\xac\x24", 4);
}

/* panic(), which calls __crash_kexec(), has a frame that ORC describes by RBP. */
static void place_frame_pointer(const struct walk *walk, gva_t function, gva_t slot,
				struct rule *rule)
{
	uint8_t code[FUNCTION_MAX];
	size_t length = walk_pc(walk).value - function.value;
	struct prologue prologue;

	if (walk->interrupted || length < PROLOGUE_MAX || length > sizeof(code) ||
	    !address_space_read(&walk->kernel->space, function, code, length, NULL, NULL) ||
	    stores_rbp(code, length) || !read_prologue(code, &prologue) ||
	    prologue.frame_size != slot.value - walk_sp(walk).value)
		return;
	if (prologue.rbp)
		rule_memory(rule, X86_64_RBP, slot.value - prologue.rbp);
	else
		rule_same(rule, X86_64_RBP);
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
			place_frame_pointer(walk, function, slot, rule);
			return true;
		}
		/* A call through a pointer cannot be told from an earlier call's trace. */
		rule->guess = rule->guess || may_be_return_address(walk, word, function);
	}
	return false;
}
