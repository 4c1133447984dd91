// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/x86_64/register_names.h"

const struct x86_64_name x86_64_names[NUM_X86_64_NAMES] = {
	{{"rsp", "RSP", 16, 0, 0}, X86_64_RSP},
	{{"ss", "SS", 4, 0, 0}, X86_64_SS},
	{{"cs", "CS", 4, 0, 0}, X86_64_CS},
	{{"rflags", "EFLAGS", 8, 0, 0}, X86_64_RFLAGS},
	{{"orig_rax", "ORIG_RAX", 16, 0, 0}, X86_64_ORIG_RAX},
	{{"rax", "RAX", 16, 1, 0}, X86_64_RAX},
	{{"rbx", "RBX", 16, 1, 0}, X86_64_RBX},
	{{"rcx", "RCX", 16, 1, 0}, X86_64_RCX},
	{{"rdx", "RDX", 16, 2, 0}, X86_64_RDX},
	{{"rsi", "RSI", 16, 2, 0}, X86_64_RSI},
	{{"rdi", "RDI", 16, 2, 0}, X86_64_RDI},
	{{"rbp", "RBP", 16, 3, 0}, X86_64_RBP},
	{{"r8", "R08", 16, 3, 0}, X86_64_R8},
	{{"r9", "R09", 16, 3, 0}, X86_64_R9},
	{{"r10", "R10", 16, 4, 0}, X86_64_R10},
	{{"r11", "R11", 16, 4, 0}, X86_64_R11},
	{{"r12", "R12", 16, 4, 0}, X86_64_R12},
	{{"r13", "R13", 16, 5, 0}, X86_64_R13},
	{{"r14", "R14", 16, 5, 0}, X86_64_R14},
	{{"r15", "R15", 16, 5, 0}, X86_64_R15},
	{{"fs_base", "FS", 16, 6, 0}, NUM_X86_64_REGISTERS},
	{{"gs_base", "GS", 16, 6, 0}, NUM_X86_64_REGISTERS},
	{{"kernel_gs_base", "knlGS", 16, 6, 0}, NUM_X86_64_REGISTERS},
	{{"ds", "DS", 4, 7, 0}, NUM_X86_64_REGISTERS},
	{{"es", "ES", 4, 7, 0}, NUM_X86_64_REGISTERS},
	{{"cr0", "CR0", 16, 7, 0}, NUM_X86_64_REGISTERS},
	{{"cr2", "CR2", 16, 8, 0}, NUM_X86_64_REGISTERS},
	{{"cr3", "CR3", 16, 8, 0}, NUM_X86_64_REGISTERS},
	{{"cr4", "CR4", 16, 8, 0}, NUM_X86_64_REGISTERS},
};

GArray *x86_64_name_registers(const struct register_set *set)
{
	GArray *registers = g_array_new(FALSE, FALSE, sizeof(struct named_register));

	for (size_t i = 0; i < NUM_X86_64_NAMES; i++) {
		enum x86_64_register number = x86_64_names[i].number;
		struct named_register named = x86_64_names[i].named;

		if (number == NUM_X86_64_REGISTERS || !register_known(set, number))
			continue;
		named.value = set->values[number];
		g_array_append_val(registers, named);
	}
	return registers;
}
