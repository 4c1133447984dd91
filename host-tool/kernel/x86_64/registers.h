/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers of x86-64's registers in a struct register_set. */
#ifndef OOPSBT_KERNEL_X86_64_REGISTERS_H
#define OOPSBT_KERNEL_X86_64_REGISTERS_H

#include "kernel/register_set.h"

#define RFLAGS_IF (1ull << 9) /* interrupts are enabled */

enum x86_64_register {
	X86_64_RIP = REGISTER_PC,
	X86_64_RSP = REGISTER_SP,
	X86_64_RBP = REGISTER_FP,
	X86_64_RAX = NUM_COMMON_REGISTERS,
	X86_64_RBX,
	X86_64_RCX,
	X86_64_RDX,
	X86_64_RSI,
	X86_64_RDI,
	X86_64_R8,
	X86_64_R9,
	X86_64_R10,
	X86_64_R11,
	X86_64_R12,
	X86_64_R13,
	X86_64_R14,
	X86_64_R15,
	X86_64_RFLAGS,
	X86_64_CS,
	X86_64_SS,
	X86_64_ORIG_RAX, /* the number of a system call, or the error code of an exception */
	NUM_X86_64_REGISTERS
};

#endif
