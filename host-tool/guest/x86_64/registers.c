/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/registers.h"

#include <inttypes.h>
#include <string.h>

G_DEFINE_QUARK(oopsbt_registers_error, registers_error)

#define CR0_PAGING ((uint64_t)1 << 31)
#define CR4_FIVE_LEVELS ((uint64_t)1 << 12)
#define EFER_LONG_MODE_ACTIVE ((uint64_t)1 << 10)

bool vcpu_in_long_mode(const struct vcpu_registers *registers)
{
	return (registers->efer & EFER_LONG_MODE_ACTIVE) && (registers->cr0 & CR0_PAGING);
}

bool vcpu_in_32_bit_paging(const struct vcpu_registers *registers)
{
	return !(registers->efer & EFER_LONG_MODE_ACTIVE) && (registers->cr0 & CR0_PAGING);
}

bool vcpu_in_user_mode(const struct vcpu_registers *registers)
{
	return registers->cpl == 3;
}

gva_t vcpu_pc(const struct vcpu_registers *registers)
{
	return gva(registers->rip);
}

gva_t vcpu_sp(const struct vcpu_registers *registers)
{
	return gva(registers->rsp);
}

bool vcpu_five_level_paging(const struct vcpu_registers *registers)
{
	return registers->cr4 & CR4_FIVE_LEVELS;
}

enum field_kind {
	FIELD_HEX,
	FIELD_CPL,
	FIELD_FLAG,
	FIELD_SEGMENT, /* selector base limit flags */
	FIELD_TABLE,   /* base limit */
};

/* When a vCPU prints a field. */
enum field_mode {
	MODE_ANY,
	MODE_64, /* it runs 64-bit code */
	MODE_32, /* it runs 32- or 16-bit code */
};

struct field {
	const char *name;
	enum field_mode mode;
	enum field_kind kind;
	size_t offset;
};

/* Unlisted fields (debug, FPU and vector registers) are skipped. */
static const struct field fields[] = {
#define FIELD(name, mode, kind, member)                                                            \
	{                                                                                          \
		name, mode, kind, offsetof(struct vcpu_registers, member)                          \
	}
	FIELD("RAX", MODE_64, FIELD_HEX, rax),	    FIELD("RBX", MODE_64, FIELD_HEX, rbx),
	FIELD("RCX", MODE_64, FIELD_HEX, rcx),	    FIELD("RDX", MODE_64, FIELD_HEX, rdx),
	FIELD("RSI", MODE_64, FIELD_HEX, rsi),	    FIELD("RDI", MODE_64, FIELD_HEX, rdi),
	FIELD("RBP", MODE_64, FIELD_HEX, rbp),	    FIELD("RSP", MODE_64, FIELD_HEX, rsp),
	FIELD("R8", MODE_64, FIELD_HEX, r8),	    FIELD("R9", MODE_64, FIELD_HEX, r9),
	FIELD("R10", MODE_64, FIELD_HEX, r10),	    FIELD("R11", MODE_64, FIELD_HEX, r11),
	FIELD("R12", MODE_64, FIELD_HEX, r12),	    FIELD("R13", MODE_64, FIELD_HEX, r13),
	FIELD("R14", MODE_64, FIELD_HEX, r14),	    FIELD("R15", MODE_64, FIELD_HEX, r15),
	FIELD("RIP", MODE_64, FIELD_HEX, rip),	    FIELD("RFL", MODE_64, FIELD_HEX, rflags),
	FIELD("EAX", MODE_32, FIELD_HEX, rax),	    FIELD("EBX", MODE_32, FIELD_HEX, rbx),
	FIELD("ECX", MODE_32, FIELD_HEX, rcx),	    FIELD("EDX", MODE_32, FIELD_HEX, rdx),
	FIELD("ESI", MODE_32, FIELD_HEX, rsi),	    FIELD("EDI", MODE_32, FIELD_HEX, rdi),
	FIELD("EBP", MODE_32, FIELD_HEX, rbp),	    FIELD("ESP", MODE_32, FIELD_HEX, rsp),
	FIELD("EIP", MODE_32, FIELD_HEX, rip),	    FIELD("EFL", MODE_32, FIELD_HEX, rflags),
	FIELD("SMM", MODE_ANY, FIELD_FLAG, smm),    FIELD("CPL", MODE_ANY, FIELD_CPL, cpl),
	FIELD("HLT", MODE_ANY, FIELD_FLAG, halted), FIELD("ES", MODE_ANY, FIELD_SEGMENT, es),
	FIELD("CS", MODE_ANY, FIELD_SEGMENT, cs),   FIELD("SS", MODE_ANY, FIELD_SEGMENT, ss),
	FIELD("DS", MODE_ANY, FIELD_SEGMENT, ds),   FIELD("FS", MODE_ANY, FIELD_SEGMENT, fs),
	FIELD("GS", MODE_ANY, FIELD_SEGMENT, gs),   FIELD("LDT", MODE_ANY, FIELD_SEGMENT, ldt),
	FIELD("TR", MODE_ANY, FIELD_SEGMENT, tr),   FIELD("GDT", MODE_ANY, FIELD_TABLE, gdt),
	FIELD("IDT", MODE_ANY, FIELD_TABLE, idt),   FIELD("CR0", MODE_ANY, FIELD_HEX, cr0),
	FIELD("CR2", MODE_ANY, FIELD_HEX, cr2),	    FIELD("CR3", MODE_ANY, FIELD_HEX, cr3),
	FIELD("CR4", MODE_ANY, FIELD_HEX, cr4),	    FIELD("EFER", MODE_ANY, FIELD_HEX, efer),
#undef FIELD
};

G_STATIC_ASSERT(G_N_ELEMENTS(fields) <= 64);

static void skip_spaces(const char **cursor)
{
	while (**cursor == ' ')
		(*cursor)++;
}

/* Parses a hexadecimal number of at most @max_digits, up to a space or the end of the line. */
static bool take_hex(const char **cursor, unsigned int max_digits, uint64_t *value)
{
	unsigned int digits = 0;

	*value = 0;
	skip_spaces(cursor);
	for (; g_ascii_isxdigit(**cursor); (*cursor)++) {
		if (++digits > max_digits)
			return false;
		*value = *value << 4 | (unsigned int)g_ascii_xdigit_value(**cursor);
	}
	return digits > 0 && strchr(" \r\n", **cursor); /* or the end of the text */
}

static bool take_segment(const char **cursor, struct segment *segment)
{
	uint64_t selector, base, limit, flags;

	if (!take_hex(cursor, 4, &selector) || !take_hex(cursor, 16, &base) ||
	    !take_hex(cursor, 8, &limit) || !take_hex(cursor, 8, &flags))
		return false;
	*segment = (struct segment){
		.selector = (uint16_t)selector,
		.base = base,
		.limit = (uint32_t)limit,
		.flags = (uint32_t)flags,
	};
	return true;
}

static bool take_table(const char **cursor, struct descriptor_table *table)
{
	uint64_t limit;

	if (!take_hex(cursor, 16, &table->base) || !take_hex(cursor, 8, &limit))
		return false;
	table->limit = (uint32_t)limit;
	return true;
}

static bool take_value(const char **cursor, const struct field *field,
		       struct vcpu_registers *registers)
{
	void *member = (char *)registers + field->offset;
	uint64_t value;

	switch (field->kind) {
	case FIELD_HEX:
		return take_hex(cursor, 16, member);
	case FIELD_CPL:
		if (!take_hex(cursor, 1, &value) || value > 3)
			return false;
		registers->cpl = (unsigned int)value;
		return true;
	case FIELD_FLAG:
		if (!take_hex(cursor, 1, &value) || value > 1)
			return false;
		*(bool *)member = value;
		return true;
	case FIELD_SEGMENT:
		return take_segment(cursor, member);
	case FIELD_TABLE:
		return take_table(cursor, member);
	}
	return false;
}

static const struct field *find_field(const char *name, size_t length)
{
	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
		if (fields[i].name[0] == name[0] && strncmp(fields[i].name, name, length) == 0 &&
		    fields[i].name[length] == '\0')
			return &fields[i];
	return NULL;
}

static bool refuse_registers(GError **error, unsigned int vcpu, const char *what, const char *name)
{
	g_set_error(error, REGISTERS_ERROR, REGISTERS_ERROR_TEXT,
		    "the register text of vCPU %u is not usable: %s %s", vcpu, name, what);
	return false;
}

/* Every field of the text's mode must be present. */
static bool check_complete(const struct vcpu_registers *registers, uint64_t seen, GError **error)
{
	bool is_64 = false;

	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
		is_64 |= fields[i].mode == MODE_64 && (seen & (uint64_t)1 << i);
	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		bool expected = fields[i].mode == MODE_ANY || (fields[i].mode == MODE_64) == is_64;

		if (expected != !!(seen & (uint64_t)1 << i))
			return refuse_registers(error, registers->vcpu,
						expected ? "is missing" : "is there too",
						fields[i].name);
	}
	return true;
}

/* Parses the text of one vCPU, up to @end. */
static bool parse_vcpu(const char *text, const char *end, struct vcpu_registers *registers,
		       GError **error)
{
	uint64_t seen = 0;

	while (text < end) {
		const char *name = text;
		const struct field *field;
		uint64_t bit;
		size_t length;

		while (g_ascii_isalnum(*text))
			text++;
		length = (size_t)(text - name);
		if (length == 0) {
			text++;
			continue;
		}
		skip_spaces(&text);
		if (*text != '=')
			continue;
		text++;
		field = find_field(name, length);
		if (field == NULL)
			continue;
		bit = (uint64_t)1 << (field - fields);
		if (seen & bit)
			return refuse_registers(error, registers->vcpu, "is there twice",
						field->name);
		if (!take_value(&text, field, registers))
			return refuse_registers(error, registers->vcpu, "is garbled", field->name);
		seen |= bit;
	}
	return check_complete(registers, seen, error);
}

/* Parses "CPU#12" and the end of its line. */
static bool take_heading(const char **cursor, unsigned int *vcpu)
{
	char *end;
	guint64 number;

	*cursor += strlen("CPU#");
	if (!g_ascii_isdigit(**cursor))
		return false;
	number = g_ascii_strtoull(*cursor, &end, 10);
	if (number >= MAX_VCPUS || (*end != '\r' && *end != '\n'))
		return false;
	*vcpu = (unsigned int)number;
	*cursor = end;
	return true;
}

GArray *registers_parse(const char *text, GError **error)
{
	g_autoptr(GArray) vcpus = g_array_new(FALSE, TRUE, sizeof(struct vcpu_registers));
	const char *cursor = strstr(text, "CPU#");
	bool known[MAX_VCPUS] = {false};

	if (cursor == NULL) {
		g_set_error_literal(error, REGISTERS_ERROR, REGISTERS_ERROR_TEXT,
				    "the monitor gave no text of any vCPU's registers");
		return NULL;
	}
	while (cursor) {
		struct vcpu_registers registers = {0};
		const char *next;

		if (!take_heading(&cursor, &registers.vcpu) || known[registers.vcpu]) {
			g_set_error(error, REGISTERS_ERROR, REGISTERS_ERROR_TEXT,
				    "the register text is not usable: a heading after %u vCPUs is "
				    "garbled or repeats one",
				    vcpus->len);
			return NULL;
		}
		known[registers.vcpu] = true;
		next = strstr(cursor, "CPU#");
		if (!parse_vcpu(cursor, next ? next : cursor + strlen(cursor), &registers, error))
			return NULL;
		g_array_append_val(vcpus, registers);
		cursor = next;
	}
	return g_steal_pointer(&vcpus);
}
