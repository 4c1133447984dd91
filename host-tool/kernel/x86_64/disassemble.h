/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machine code of x86-64 as text, and which registers made the address that an instruction
 * touched. By capstone, in the AT&T syntax that the kernel's own tools print. The code comes from a
 * guest and may be anything: what is no instruction is a ".byte".
 */
#ifndef OOPSBT_KERNEL_X86_64_DISASSEMBLE_H
#define OOPSBT_KERNEL_X86_64_DISASSEMBLE_H

#include <glib.h>

#include "kernel/instruction.h"
#include "kernel/registers.h"

struct code {
	const uint8_t *bytes;
	size_t length;
	gva_t start;	   /* of @bytes */
	gva_t pc;	   /* the instruction of interest, within */
	bool starts_clean; /* an instruction begins at @start: of a function, say */
	bool placed;	   /* @start is where it is; else only its distance to @pc counts */
};

/*
 * Array of struct instruction; one of them begins at @code->pc, at most @before come before it and
 * @after after it. Empty where pc is not in the code. Free with g_array_unref().
 */
GArray *disassemble(const struct code *code, unsigned int before, unsigned int after);

/*
 * How the instruction at @code->pc came to @address, by @registers (of struct named_register):
 * "address 0x8 = RAX (0x0) + 0x8, which this instruction writes". Where the kernel names no address
 * (@address not known) an operand that is not a canonical address, or a divisor of zero. NULL:
 * nothing in the instruction explains it. Free with g_free().
 */
char *explain_address(const struct code *code, const GArray *registers, struct maybe_uint address);

#endif
