/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * struct pt_regs of x86-64 (arch/x86/include/asm/ptrace.h): what entry code pushes, from the top
 * down. The last five words are what the hardware pushes and IRET takes.
 */
#ifndef OOPSBT_KERNEL_X86_64_PT_REGS_H
#define OOPSBT_KERNEL_X86_64_PT_REGS_H

#include "kernel/rule.h"

#define PT_REGS_ORIG_AX 120
#define PT_REGS_IP 128
#define PT_REGS_CS 136
#define PT_REGS_SP 152
#define PT_REGS_SIZE 168
#define IRET_FRAME_SIZE (PT_REGS_SIZE - PT_REGS_IP)

/*
 * What a kernel with FRED has above it on a stack that is entered (struct fred_frame in
 * arch/x86/include/asm/fred.h), and leaves free at the top of each task's stack, whether the
 * hardware has it or not (TOP_OF_KERNEL_STACK_PADDING, since 6.9).
 */
#define FRED_PADDING 16

/* The frame above was interrupted; its registers lie at @at. */
void pt_regs_rule(gva_t at, struct rule *rule);

/* The same where only what the hardware pushed lies at @at; the others are still in place. */
void iret_frame_rule(gva_t at, struct rule *rule);

#endif
