/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * struct pt_regs of x86-64 (arch/x86/include/asm/ptrace.h): the registers that entry code pushes.
 * The hardware pushes the last five words, and IRET pops them.
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
 * Bytes above struct pt_regs on an entered stack of a kernel with FRED (struct fred_frame in
 * arch/x86/include/asm/fred.h). Such a kernel leaves them free at the top of each task's stack,
 * even on hardware without FRED (TOP_OF_KERNEL_STACK_PADDING, since 6.9).
 */
#define FRED_PADDING 16

/* The frame above was interrupted; its registers are at @at. */
void pt_regs_rule(gva_t at, struct rule *rule);

/*
 * The same if only the words that the hardware pushed are at @at; the other registers are
 * unchanged.
 */
void iret_frame_rule(gva_t at, struct rule *rule);

#endif
