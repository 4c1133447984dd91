/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sources of the rule for a frame. Each function handles one kind of code. True if @walk stands in
 * such code: the rule is filled in or, if it cannot be found, the walk is stopped.
 */
#ifndef OOPSBT_KERNEL_X86_64_RULES_H
#define OOPSBT_KERNEL_X86_64_RULES_H

#include "kernel/walk.h"
#include "kernel/x86_64/orc.h"

/* wild_call.c: where no code is */
bool find_wild_call_rule(struct walk *walk, struct rule *rule);
/* return_stack.c: among the calls that fill the CPU's return stack */
bool find_return_stack_rule(struct walk *walk, struct rule *rule);
/* retpoline.c: in a retpoline */
bool find_retpoline_rule(struct walk *walk, struct rule *rule);
/* error_entry.c: in entry code that error_entry() returns to */
bool find_error_entry_rule(struct walk *walk, struct rule *rule);
/* optprobe.c: in the detour of an optimised kprobe */
bool find_optprobe_rule(struct walk *walk, struct rule *rule);
/* orc_rule.c: in code that ORC describes */
bool find_orc_rule(struct walk *walk, struct rule *rule);
/* retpoline.c: in a thunk that has no symbol */
bool find_its_thunk_rule(struct walk *walk, struct rule *rule);
/* no_orc.c: in a function that ORC does not describe */
bool find_no_orc_rule(struct walk *walk, struct rule *rule);
/* bpf_program.c: in a BPF program or a BPF trampoline */
bool find_bpf_rule(struct walk *walk, struct rule *rule);
/* frame_pointer.c: in other code, which may keep a frame pointer */
bool find_unknown_code_rule(struct walk *walk, struct rule *rule);
/* frame_pointer.c, scan.c: in a kernel without ORC */
bool find_frame_pointer_rule(struct walk *walk, struct rule *rule);
bool find_scan_rule(struct walk *walk, struct rule *rule);

/* --- shared by several of them (orc_rule.c) --- */

/* The entry for code of the kernel or a module; without copies of code. */
bool find_text_orc(const struct kernel *kernel, gva_t address, struct orc_entry *entry,
		   GError **error);
/* The same, including copies of such code. */
bool find_orc(const struct kernel *kernel, gva_t address, struct orc_entry *entry, GError **error);
/* Is @pc the start of a task that has never run? */
bool orc_is_start_of_task(const struct kernel *kernel, gva_t pc);
/* The stack pointer of the frame above, by this entry. */
bool orc_previous_sp(struct walk *walk, const struct orc_entry *entry, gva_t *sp);
/* The frame above made a call: its stack pointer is @sp, and the return address is below that. */
void orc_call_rule(const struct walk *walk, const struct orc_entry *entry, gva_t sp,
		   struct rule *rule);

/* The frame pointer leads to the frame above (frame_pointer.c). */
void frame_pointer_rule(const struct walk *walk, struct rule *rule);

/* --- shared by several of them (call_site.c) --- */

/* Does a call precede @address? */
bool follows_call(const struct walk *walk, gva_t address);
/* A direct call of the function that begins at @function? */
bool follows_call_of(const struct walk *walk, gva_t address, gva_t function);
/* The start of the function that @pc is in. False: it has no symbol. */
bool find_function(const struct walk *walk, gva_t pc, gva_t *function);
/* The return address is at @slot, and RBP is the caller's. */
void return_rule(gva_t slot, struct rule *rule);

#endif
