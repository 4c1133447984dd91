/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/registers.h"

#include <inttypes.h>
#include <stddef.h>

/* In display order. */
static const struct register_field fields[] = {
#define FIELD(name, kind, member)                                                                  \
	{                                                                                          \
		name, kind, offsetof(struct vcpu_registers, member)                                \
	}
	FIELD("rip", REGISTER_HEX, rip),
	FIELD("rsp", REGISTER_HEX, rsp),
	FIELD("rflags", REGISTER_HEX, rflags),
	FIELD("rax", REGISTER_HEX, rax),
	FIELD("rbx", REGISTER_HEX, rbx),
	FIELD("rcx", REGISTER_HEX, rcx),
	FIELD("rdx", REGISTER_HEX, rdx),
	FIELD("rsi", REGISTER_HEX, rsi),
	FIELD("rdi", REGISTER_HEX, rdi),
	FIELD("rbp", REGISTER_HEX, rbp),
	FIELD("r8", REGISTER_HEX, r8),
	FIELD("r9", REGISTER_HEX, r9),
	FIELD("r10", REGISTER_HEX, r10),
	FIELD("r11", REGISTER_HEX, r11),
	FIELD("r12", REGISTER_HEX, r12),
	FIELD("r13", REGISTER_HEX, r13),
	FIELD("r14", REGISTER_HEX, r14),
	FIELD("r15", REGISTER_HEX, r15),
	FIELD("cr0", REGISTER_HEX, cr0),
	FIELD("cr2", REGISTER_HEX, cr2),
	FIELD("cr3", REGISTER_HEX, cr3),
	FIELD("cr4", REGISTER_HEX, cr4),
	FIELD("efer", REGISTER_HEX, efer),
	FIELD("cs", REGISTER_SEGMENT, cs),
	FIELD("ss", REGISTER_SEGMENT, ss),
	FIELD("ds", REGISTER_SEGMENT, ds),
	FIELD("es", REGISTER_SEGMENT, es),
	FIELD("fs", REGISTER_SEGMENT, fs),
	FIELD("gs", REGISTER_SEGMENT, gs),
	FIELD("ldt", REGISTER_SEGMENT, ldt),
	FIELD("tr", REGISTER_SEGMENT, tr),
	FIELD("gdt_base", REGISTER_HEX, gdt.base),
	FIELD("idt_base", REGISTER_HEX, idt.base),
	FIELD("cpl", REGISTER_NUMBER, cpl),
	FIELD("halted", REGISTER_FLAG, halted),
#undef FIELD
};

const struct register_field *vcpu_register_fields(size_t *num_fields)
{
	*num_fields = G_N_ELEMENTS(fields);
	return fields;
}

/* __show_regs() of arch/x86/kernel/process_64.c */
char *vcpu_registers_text(const struct vcpu_registers *r, const char *place)
{
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "  RIP: %04x:%s", r->cs.selector, place);
	g_string_append_printf(text, "\n  RSP: %04x:%016" PRIx64 " EFLAGS: %08" PRIx64 "%s\n",
			       r->ss.selector, r->rsp, r->rflags, r->halted ? " halted" : "");
	g_string_append_printf(text,
			       "  RAX: %016" PRIx64 " RBX: %016" PRIx64 " RCX: %016" PRIx64 "\n",
			       r->rax, r->rbx, r->rcx);
	g_string_append_printf(text,
			       "  RDX: %016" PRIx64 " RSI: %016" PRIx64 " RDI: %016" PRIx64 "\n",
			       r->rdx, r->rsi, r->rdi);
	g_string_append_printf(text,
			       "  RBP: %016" PRIx64 " R08: %016" PRIx64 " R09: %016" PRIx64 "\n",
			       r->rbp, r->r8, r->r9);
	g_string_append_printf(text,
			       "  R10: %016" PRIx64 " R11: %016" PRIx64 " R12: %016" PRIx64 "\n",
			       r->r10, r->r11, r->r12);
	g_string_append_printf(text,
			       "  R13: %016" PRIx64 " R14: %016" PRIx64 " R15: %016" PRIx64 "\n",
			       r->r13, r->r14, r->r15);
	g_string_append_printf(text, "  FS:  %016" PRIx64 "(%04x) GS:%016" PRIx64 "(%04x)\n",
			       r->fs.base, r->fs.selector, r->gs.base, r->gs.selector);
	g_string_append_printf(text, "  CS:  %04x DS: %04x ES: %04x CR0: %016" PRIx64 "\n",
			       r->cs.selector, r->ds.selector, r->es.selector, r->cr0);
	g_string_append_printf(text,
			       "  CR2: %016" PRIx64 " CR3: %016" PRIx64 " CR4: %016" PRIx64 "\n",
			       r->cr2, r->cr3, r->cr4);
	return g_string_free(text, FALSE);
}
