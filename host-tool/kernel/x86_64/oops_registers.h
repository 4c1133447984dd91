/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registers and the code bytes that x86-64 prints for an oops: show_iret_regs() and
 * __show_regs() in arch/x86/kernel/process_64.c, show_opcodes() in arch/x86/kernel/dumpstack.c.
 *
 * 	RIP: 0010:function+0x13/0x30 [module]		also: RIP: 0010:0x0
 * 	Code: 0f 1f 44 00 00 <c7> 07 01 00 00 00	the byte at RIP is in angle brackets
 * 	Code: Unable to access opcode bytes at 0x...	"at RIP 0x..." before 5.17: RIP - 42
 * 	RSP: 0018:ffffc900001cbd58 EFLAGS: 00010246
 * 	RAX: ... RBX: ... RCX: ...			and so on
 * 	CR2: ... CR3: ... CR4: ...
 */
#ifndef OOPSBT_KERNEL_X86_64_OOPS_REGISTERS_H
#define OOPSBT_KERNEL_X86_64_OOPS_REGISTERS_H

#include <glib.h>

#include "base/maybe.h"
#include "kernel/registers.h"

#define OOPS_MAX_CODE 64 /* bytes; the kernel prints the same number */

struct oops_registers {
	GArray *registers;	/* of struct named_register; NULL: the kernel printed none */
	char *place;		/* the text printed for RIP: "f+0x1/0x2 [m]" or "0x0"; or NULL */
	struct maybe_uint rip;	/* if the text has it as a number */
	unsigned int code_size; /* bytes in @code; 0: the kernel printed none */
	unsigned int code_rip;	/* index in @code of the byte at RIP */
	uint8_t code[OOPS_MAX_CODE];
};

/*
 * Finds the registers of the exception itself in @lines (of char *, one log line each) from @first
 * to @last: not those of user mode, nor of exceptions in its trace. Missing registers are unknown.
 * Clear with oops_registers_clear().
 */
void oops_registers_find(const GPtrArray *lines, guint first, guint last,
			 struct oops_registers *registers);
void oops_registers_clear(struct oops_registers *registers);

#endif
