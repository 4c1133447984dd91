/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/notes.h"

#include <elf.h>
#include <string.h>

G_STATIC_ASSERT(sizeof(struct prstatus_note) == 336);
G_STATIC_ASSERT(sizeof(struct qemu_cpu_note) == 432);

#define CR0_PAGING ((uint64_t)1 << 31)
#define CR4_PAE ((uint64_t)1 << 5)
#define EFER_LONG_MODE ((uint64_t)5 << 8) /* enabled and active */

static size_t align4(size_t length)
{
	return (length + 3) & ~(size_t)3;
}

struct prstatus_note registers_to_prstatus(const struct vcpu_registers *r)
{
	return (struct prstatus_note){
		.pid = r->vcpu + 1,
		.rax = r->rax,
		.rbx = r->rbx,
		.rcx = r->rcx,
		.rdx = r->rdx,
		.rsi = r->rsi,
		.rdi = r->rdi,
		.rbp = r->rbp,
		.rsp = r->rsp,
		.r8 = r->r8,
		.r9 = r->r9,
		.r10 = r->r10,
		.r11 = r->r11,
		.r12 = r->r12,
		.r13 = r->r13,
		.r14 = r->r14,
		.r15 = r->r15,
		.rip = r->rip,
		.rflags = r->rflags,
		.cs = r->cs.selector,
		.ss = r->ss.selector,
		.ds = r->ds.selector,
		.es = r->es.selector,
		.fs = r->fs.selector,
		.gs = r->gs.selector,
		.fs_base = r->fs.base,
		.gs_base = r->gs.base,
	};
}

static struct vcpu_registers registers_from_prstatus(const struct prstatus_note *note)
{
	return (struct vcpu_registers){
		.vcpu = note->pid - 1,
		.rax = note->rax,
		.rbx = note->rbx,
		.rcx = note->rcx,
		.rdx = note->rdx,
		.rsi = note->rsi,
		.rdi = note->rdi,
		.rbp = note->rbp,
		.rsp = note->rsp,
		.r8 = note->r8,
		.r9 = note->r9,
		.r10 = note->r10,
		.r11 = note->r11,
		.r12 = note->r12,
		.r13 = note->r13,
		.r14 = note->r14,
		.r15 = note->r15,
		.rip = note->rip,
		.rflags = note->rflags,
		.cpl = note->cs & 3,
		.cs.selector = (uint16_t)note->cs,
		.ss.selector = (uint16_t)note->ss,
		.ds.selector = (uint16_t)note->ds,
		.es.selector = (uint16_t)note->es,
		.fs.selector = (uint16_t)note->fs,
		.gs.selector = (uint16_t)note->gs,
		.fs.base = note->fs_base,
		.gs.base = note->gs_base,
	};
}

static struct qemu_segment segment_to_qemu(const struct segment *segment)
{
	return (struct qemu_segment){
		.selector = segment->selector,
		.limit = segment->limit,
		.flags = segment->flags,
		.base = segment->base,
	};
}

static struct segment segment_from_qemu(const struct qemu_segment *segment)
{
	return (struct segment){
		.selector = (uint16_t)segment->selector,
		.base = segment->base,
		.limit = segment->limit,
		.flags = segment->flags,
	};
}

struct qemu_cpu_note registers_to_qemu(const struct vcpu_registers *r)
{
	return (struct qemu_cpu_note){
		.version = 1,
		.size = sizeof(struct qemu_cpu_note),
		.rax = r->rax,
		.rbx = r->rbx,
		.rcx = r->rcx,
		.rdx = r->rdx,
		.rsi = r->rsi,
		.rdi = r->rdi,
		.rsp = r->rsp,
		.rbp = r->rbp,
		.r8 = r->r8,
		.r9 = r->r9,
		.r10 = r->r10,
		.r11 = r->r11,
		.r12 = r->r12,
		.r13 = r->r13,
		.r14 = r->r14,
		.r15 = r->r15,
		.rip = r->rip,
		.rflags = r->rflags,
		.cs = segment_to_qemu(&r->cs),
		.ds = segment_to_qemu(&r->ds),
		.es = segment_to_qemu(&r->es),
		.fs = segment_to_qemu(&r->fs),
		.gs = segment_to_qemu(&r->gs),
		.ss = segment_to_qemu(&r->ss),
		.ldt = segment_to_qemu(&r->ldt),
		.tr = segment_to_qemu(&r->tr),
		.gdt = {.base = r->gdt.base, .limit = r->gdt.limit},
		.idt = {.base = r->idt.base, .limit = r->idt.limit},
		.cr = {r->cr0, 0, r->cr2, r->cr3, r->cr4},
	};
}

static struct vcpu_registers registers_from_qemu(const struct qemu_cpu_note *note)
{
	return (struct vcpu_registers){
		.rax = note->rax,
		.rbx = note->rbx,
		.rcx = note->rcx,
		.rdx = note->rdx,
		.rsi = note->rsi,
		.rdi = note->rdi,
		.rsp = note->rsp,
		.rbp = note->rbp,
		.r8 = note->r8,
		.r9 = note->r9,
		.r10 = note->r10,
		.r11 = note->r11,
		.r12 = note->r12,
		.r13 = note->r13,
		.r14 = note->r14,
		.r15 = note->r15,
		.rip = note->rip,
		.rflags = note->rflags,
		.cpl = note->cs.selector & 3,
		.cs = segment_from_qemu(&note->cs),
		.ds = segment_from_qemu(&note->ds),
		.es = segment_from_qemu(&note->es),
		.fs = segment_from_qemu(&note->fs),
		.gs = segment_from_qemu(&note->gs),
		.ss = segment_from_qemu(&note->ss),
		.ldt = segment_from_qemu(&note->ldt),
		.tr = segment_from_qemu(&note->tr),
		.gdt = {note->gdt.base, note->gdt.limit},
		.idt = {note->idt.base, note->idt.limit},
		.cr0 = note->cr[0],
		.cr2 = note->cr[2],
		.cr3 = note->cr[3],
		.cr4 = note->cr[4],
		/*
		 * Not in the note. A 32-bit guest may use PAE paging, too, but QEMU writes its core
		 * with other registers.
		 */
		.efer = (note->cr[0] & CR0_PAGING) && (note->cr[4] & CR4_PAE) ? EFER_LONG_MODE : 0,
	};
}

bool next_note(const uint8_t *notes, size_t length, size_t *offset, struct note *note)
{
	Elf64_Nhdr header;
	size_t owner, bytes;

	if (*offset > length || length - *offset < sizeof(header))
		return false;
	memcpy(&header, notes + *offset, sizeof(header));
	owner = *offset + sizeof(header);
	bytes = owner + align4(header.n_namesz);
	if (bytes > length || length - bytes < header.n_descsz || header.n_namesz == 0 ||
	    notes[owner + header.n_namesz - 1] != '\0')
		return false;
	*note = (struct note){
		.owner = (const char *)notes + owner,
		.type = header.n_type,
		.bytes = notes + bytes,
		.length = header.n_descsz,
	};
	*offset = bytes + align4(header.n_descsz);
	return true;
}

bool find_note(const uint8_t *notes, size_t length, const char *owner, uint32_t type,
	       struct note *note)
{
	size_t offset = 0;

	while (next_note(notes, length, &offset, note))
		if (strcmp(note->owner, owner) == 0 && note->type == type)
			return true;
	return false;
}

void append_note(GByteArray *notes, const char *owner, uint32_t type, const void *bytes,
		 size_t length)
{
	static const uint8_t padding[4];
	size_t owner_length = strlen(owner) + 1;
	Elf64_Nhdr header = {
		.n_namesz = (Elf64_Word)owner_length,
		.n_descsz = (Elf64_Word)length,
		.n_type = type,
	};

	g_byte_array_append(notes, (const guint8 *)&header, sizeof(header));
	g_byte_array_append(notes, (const guint8 *)owner, (guint)owner_length);
	g_byte_array_append(notes, padding, (guint)(align4(owner_length) - owner_length));
	g_byte_array_append(notes, bytes, (guint)length);
	g_byte_array_append(notes, padding, (guint)(align4(length) - length));
}

static bool is_note(const struct note *note, const char *owner, uint32_t type, size_t min_length)
{
	return strcmp(note->owner, owner) == 0 && note->type == type && note->length >= min_length;
}

GArray *notes_registers(const uint8_t *notes, size_t length)
{
	GArray *general = g_array_new(FALSE, TRUE, sizeof(struct vcpu_registers));
	GArray *whole = g_array_new(FALSE, TRUE, sizeof(struct vcpu_registers));
	struct note note;
	size_t offset = 0;

	while (next_note(notes, length, &offset, &note)) {
		struct vcpu_registers registers;

		if (is_note(&note, NOTE_QEMU, NOTE_QEMU_CPU, sizeof(struct qemu_cpu_note)) &&
		    whole->len < MAX_VCPUS) {
			struct qemu_cpu_note qemu;

			memcpy(&qemu, note.bytes, sizeof(qemu));
			registers = registers_from_qemu(&qemu);
			/* The note does not name its vCPU; QEMU writes them in order. */
			registers.vcpu = whole->len;
			if (whole->len < general->len)
				registers.vcpu =
					g_array_index(general, struct vcpu_registers, whole->len)
						.vcpu;
			g_array_append_val(whole, registers);
		} else if (is_note(&note, NOTE_CORE, NOTE_CORE_PRSTATUS,
				   sizeof(struct prstatus_note)) &&
			   general->len < MAX_VCPUS) {
			struct prstatus_note prstatus;

			memcpy(&prstatus, note.bytes, sizeof(prstatus));
			registers = registers_from_prstatus(&prstatus);
			if (registers.vcpu >= MAX_VCPUS)
				registers.vcpu = general->len;
			g_array_append_val(general, registers);
		}
	}
	if (whole->len == 0) {
		g_array_unref(whole);
		return general;
	}
	g_array_unref(general);
	return whole;
}
