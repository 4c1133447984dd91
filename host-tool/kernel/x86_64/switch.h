/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words that __switch_to_asm() pushes on the stack of the task that leaves the CPU: r15, r14,
 * r13, r12, rbx, rbp, and above them the return address into __schedule() (struct
 * inactive_task_frame in arch/x86/include/asm/switch_to.h, since 4.9). thread.sp holds the stack
 * pointer.
 */
#ifndef OOPSBT_KERNEL_X86_64_SWITCH_H
#define OOPSBT_KERNEL_X86_64_SWITCH_H

#include "kernel/walk.h"

bool x86_64_load_switched_out(struct walk *walk, gva_t sp);

#endif
