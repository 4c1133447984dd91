/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vCPU registers from the text of QEMU's monitor command `info registers -a`
 * (target/i386/cpu-dump.c, QEMU 7.2 to 10.x).
 */
#ifndef OOPSBT_GUEST_REGISTERS_H
#define OOPSBT_GUEST_REGISTERS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "guest/address.h"

#define MAX_VCPUS 4096

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

/* True in 64-bit long mode with paging on: the only state whose memory this tool reads. */
bool vcpu_in_long_mode(const struct vcpu_registers *registers);
/* False where the mode is not known, too. */
bool vcpu_in_user_mode(const struct vcpu_registers *registers);
gva_t vcpu_pc(const struct vcpu_registers *registers);
gva_t vcpu_sp(const struct vcpu_registers *registers);
bool vcpu_five_level_paging(const struct vcpu_registers *registers);

#define REGISTERS_ERROR (registers_error_quark())
GQuark registers_error_quark(void);
enum registers_error {
	REGISTERS_ERROR_TEXT, /* incomplete, garbled, or no register text at all */
};

/*
 * Array of struct vcpu_registers in the order of the text; free with g_array_unref().
 * A vCPU whose text is incomplete or garbled is an error which names it. 16- and 32-bit
 * modes print shorter registers; those are accepted (and vcpu_in_long_mode() is false).
 */
GArray *registers_parse(const char *text, GError **error);

#endif
