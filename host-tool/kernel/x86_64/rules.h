/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the rule for a frame comes from. Each of these looks at a place of its own: true if @walk
 * stands there, with the rule filled in, or the walk stopped where it ought to be found and is not.
 */
#ifndef OOPSBT_KERNEL_X86_64_RULES_H
#define OOPSBT_KERNEL_X86_64_RULES_H

#include "kernel/walk.h"
#include "kernel/x86_64/orc.h"

/* wild_call.c: in no code at all */
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
/* frame_pointer.c: in other code that keeps a frame pointer, or that is taken to */
bool find_generated_code_rule(struct walk *walk, struct rule *rule);
/* frame_pointer.c, scan.c: in a kernel without ORC */
bool find_frame_pointer_rule(struct walk *walk, struct rule *rule);
bool find_scan_rule(struct walk *walk, struct rule *rule);

/* --- what several of them do (orc_rule.c) --- */

/* The entry for code of the kernel or a module; no detours. */
bool find_text_orc(const struct kernel *kernel, gva_t address, struct orc_entry *entry,
		   GError **error);
/* ... and for what is a copy of such code. */
bool find_orc(const struct kernel *kernel, gva_t address, struct orc_entry *entry, GError **error);
/* Is @pc where a task begins that has never run? */
bool orc_is_start_of_task(const struct kernel *kernel, gva_t pc);
/* The stack pointer that an entry gives for the frame above. */
bool orc_previous_sp(struct walk *walk, const struct orc_entry *entry, gva_t *sp);
/* The frame above made a call: its stack pointer is @sp, the return address below that. */
void orc_call_rule(const struct walk *walk, const struct orc_entry *entry, gva_t sp,
		   struct rule *rule);

#endif
