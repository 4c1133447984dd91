/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registers of an x86-64 vCPU, as a hypervisor reports them. */
#ifndef OOPSBT_GUEST_X86_64_VCPU_REGISTERS_H
#define OOPSBT_GUEST_X86_64_VCPU_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

struct segment {
	uint16_t selector;
	uint64_t base;
	uint32_t limit;
	uint32_t flags;
};

struct descriptor_table {
	uint64_t base;
	uint32_t limit;
};

struct vcpu_registers {
	unsigned int vcpu; /* QEMU's cpu_index */
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip, rflags;
	unsigned int cpl; /* 0 to 3 */
	bool halted;
	bool smm; /* in system management mode */
	struct segment es, cs, ss, ds, fs, gs, ldt, tr;
	struct descriptor_table gdt, idt;
	uint64_t cr0, cr2, cr3, cr4, efer;
};

#endif
