/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disassembles x86-64 code and explains which registers formed the address of an access. Uses
 * capstone with AT&T syntax, as the kernel's tools do. The code comes from a guest and may be
 * anything: a byte that is no instruction becomes a ".byte".
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
	gva_t pc;	   /* the instruction of interest, in @bytes */
	bool starts_clean; /* an instruction begins at @start, for example a function */
	bool placed;	   /* @start is the true address; else only its distance to @pc counts */
};

/*
 * Array of struct instruction: the one at @code->pc, up to @before instructions before it and up to
 * @after after it. Empty if pc is not in the code. Free with g_array_unref().
 */
GArray *disassemble(const struct code *code, unsigned int before, unsigned int after);

/*
 * Explains how the instruction at @code->pc formed @address from @registers (of struct
 * named_register): "address 0x8 = RAX (0x0) + 0x8, which this instruction writes". If the kernel
 * names no address (@address is unknown), explains an operand that is not canonical, or a divisor
 * of zero. NULL: the instruction explains nothing. Free with g_free().
 */
char *explain_address(const struct code *code, const GArray *registers, struct maybe_uint address);

#endif
