/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF notes of cores and dumps: the registers, as QEMU writes them and as crash, gdb and drgn read
 * them, and the notes of oopsbt's own cores.
 */
#ifndef OOPSBT_GUEST_NOTES_H
#define OOPSBT_GUEST_NOTES_H

#include "guest/registers.h"

/* "CORE", NT_PRSTATUS: the general registers, for gdb. Linux's struct elf_prstatus of x86-64. */
#define NOTE_CORE "CORE"
#define NOTE_CORE_PRSTATUS 1

struct prstatus_note {
	uint8_t signal_and_masks[32];
	uint32_t pid; /* QEMU's cpu_index plus one */
	uint8_t parents_and_times[76];
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax;
	uint64_t rip, cs, rflags, rsp, ss, fs_base, gs_base, ds, es, fs, gs;
	uint64_t fpvalid;
};

/* "QEMU", 0: control registers too. QEMU's struct QEMUCPUState, target/i386/arch_dump.c. */
#define NOTE_QEMU "QEMU"
#define NOTE_QEMU_CPU 0

struct qemu_segment {
	uint32_t selector, limit, flags, pad;
	uint64_t base;
};

struct qemu_cpu_note {
	uint32_t version; /* 1 */
	uint32_t size;	  /* bytes of the whole note; newer QEMUs add a member at the end */
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip, rflags;
	struct qemu_segment cs, ds, es, fs, gs, ss, ldt, tr, gdt, idt;
	uint64_t cr[5];
};

/* "VMCOREINFO", 0: the kernel's own text. */
#define NOTE_VMCOREINFO "VMCOREINFO"

/* oopsbt's own notes. Numbers are little-endian. */
#define NOTE_OOPSBT "OOPSBT"
enum oopsbt_note {
	NOTE_OOPSBT_CONTEXT = 1, /* JSON, see common/context.h */
	NOTE_OOPSBT_MAP,	 /* the kernel map */
	NOTE_OOPSBT_REGISTERS,	 /* the monitor's register text */
	NOTE_OOPSBT_LOG_PAGES,	/* pages from which the log was read and which had changed since the
				   freeze: any number of { guest-physical address, 4096 bytes } */
	NOTE_OOPSBT_LATE_PAGES, /* pages that were read after the thaw: any number of
				 * { guest-physical address, bytes } */
};

struct prstatus_note registers_to_prstatus(const struct vcpu_registers *registers);
struct qemu_cpu_note registers_to_qemu(const struct vcpu_registers *registers);

struct note {
	const char *owner; /* NUL-terminated, points into the notes */
	uint32_t type;
	const uint8_t *bytes;
	size_t length;
};

/*
 * Reads the note at *@offset of @notes and moves *@offset to the next. False: the end, or an
 * incomplete note.
 */
bool next_note(const uint8_t *notes, size_t length, size_t *offset, struct note *note);

/* Finds the first note with this @owner and @type. */
bool find_note(const uint8_t *notes, size_t length, const char *owner, uint32_t type,
	       struct note *note);

void append_note(GByteArray *notes, const char *owner, uint32_t type, const void *bytes,
		 size_t length);

/*
 * Array of struct vcpu_registers from QEMU's notes or, if there are none, from the general
 * registers alone. Never NULL, may be empty, at most MAX_VCPUS.
 */
GArray *notes_registers(const uint8_t *notes, size_t length);

#endif
