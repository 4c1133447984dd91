// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/x86_64/oops_registers.h"

#include <string.h>

#include "kernel/x86_64/register_names.h"

#define KERNEL_RIP "RIP: 0010:"
#define KERNEL_CS 0x10
/* Lines from RIP to the trace, including debug registers and protection keys. */
#define MAX_LINES 24
/* PROLOGUE_SIZE of arch/x86/kernel/dumpstack.c: the bytes begin this far before RIP. */
#define PROLOGUE_SIZE 42

struct values {
	bool is_known[NUM_X86_64_NAMES];
	uint64_t value[NUM_X86_64_NAMES];
};

/* The first value counts: later ones belong to other states. */
static void set_value(struct values *values, const char *label, size_t length, uint64_t value)
{
	for (size_t i = 0; i < NUM_X86_64_NAMES; i++) {
		if (strlen(x86_64_names[i].named.label) != length ||
		    strncmp(x86_64_names[i].named.label, label, length) || values->is_known[i])
			continue;
		values->is_known[i] = true;
		values->value[i] = value;
	}
}

static void replace_value(struct values *values, const char *label, uint64_t value)
{
	for (size_t i = 0; i < NUM_X86_64_NAMES; i++) {
		if (!strcmp(x86_64_names[i].named.label, label)) {
			values->is_known[i] = true;
			values->value[i] = value;
		}
	}
}

static bool parse_hex(const char *text, uint64_t *value, const char **end)
{
	char *after;

	if (!g_ascii_isxdigit(*text))
		return false;
	*value = g_ascii_strtoull(text, &after, 16);
	*end = after;
	return after - text <= 16;
}

/* "LABEL: value LABEL: selector:value LABEL:value(selector) ..." */
static void take_registers(const char *line, struct values *values)
{
	const char *colon;

	while ((colon = strchr(line, ':'))) {
		const char *label = colon, *end;
		uint64_t value;

		while (label > line && (g_ascii_isalnum(label[-1]) || label[-1] == '_'))
			label--;
		line = colon + 1;
		while (*line == ' ')
			line++;
		if (!parse_hex(line, &value, &end))
			continue;
		line = end;
		if (*end == ':') {
			set_value(values, "SS", 2, value);
			if (!parse_hex(end + 1, &value, &end))
				continue;
			line = end;
		}
		set_value(values, label, (size_t)(colon - label), value);
	}
}

static void take_rip(const char *text, struct oops_registers *registers)
{
	const char *end;

	registers->place = g_strdup(text);
	if (g_str_has_prefix(text, "0x"))
		registers->rip.known = parse_hex(text + 2, &registers->rip.value, &end);
}

/* Takes the first complete line. */
static void take_code(const char *text, struct oops_registers *registers)
{
	static const char unreadable[] = "Unable to access opcode bytes at ";
	const char *end;
	uint64_t value;
	bool marked = false;

	if (registers->code_size)
		return;
	if (g_str_has_prefix(text, unreadable)) {
		const char *at = strstr(text, "0x");

		if (at && !registers->rip.known && parse_hex(at + 2, &value, &end))
			registers->rip = (struct maybe_uint){true, value + PROLOGUE_SIZE};
		return;
	}
	for (unsigned int i = 0; i < OOPS_MAX_CODE; i++) {
		bool is_rip = *text == '<';

		if (!parse_hex(text + is_rip, &value, &end) || value > 0xff)
			break;
		registers->code[registers->code_size++] = (uint8_t)value;
		if (is_rip) {
			registers->code_rip = i;
			marked = *end == '>';
		}
		text = end + (*end == '>');
		while (*text == ' ')
			text++;
	}
	if (!marked)
		registers->code_size = 0;
}

static const char *line_at(const GPtrArray *lines, guint i)
{
	return g_ptr_array_index(lines, i);
}

/* The line with "RIP: 0010:" before any trace; @last + 1: none. */
static guint find_rip(const GPtrArray *lines, guint first, guint last)
{
	guint i = first;

	while (i <= last && !g_str_has_prefix(line_at(lines, i), KERNEL_RIP) &&
	       !strstr(line_at(lines, i), "Call Trace:"))
		i++;
	return i <= last && g_str_has_prefix(line_at(lines, i), KERNEL_RIP) ? i : last + 1;
}

static bool is_one_register(const char *line, const char *label)
{
	size_t length = strlen(label);

	return !strncmp(line, label, length) && strspn(line + length, "0123456789abcdef") == 16 &&
	       !line[length + 16];
}

static GArray *make_array(const struct values *values)
{
	GArray *array = g_array_new(FALSE, FALSE, sizeof(struct named_register));

	for (size_t i = 0; i < NUM_X86_64_NAMES; i++) {
		struct named_register found = x86_64_names[i].named;

		found.value = values->value[i];
		if (values->is_known[i])
			g_array_append_val(array, found);
	}
	return array;
}

void oops_registers_find(const GPtrArray *lines, guint first, guint last,
			 struct oops_registers *registers)
{
	struct values values = {0};
	guint rip = find_rip(lines, first, last);

	*registers = (struct oops_registers){0};
	if (rip > last)
		return;
	take_rip(line_at(lines, rip) + strlen(KERNEL_RIP), registers);
	set_value(&values, "CS", 2, KERNEL_CS);
	for (guint i = rip + 1; i <= last && i - rip < MAX_LINES; i++) {
		const char *line = line_at(lines, i);

		if (strstr(line, "Call Trace:"))
			break;
		if (g_str_has_prefix(line, "Code: "))
			take_code(line + strlen("Code: "), registers);
		else
			take_registers(line, &values);
	}
	/*
	 * CR2 of the fault is on its own line after the trace. The CR2 among the registers was read
	 * after the kernel had read the code, which may have faulted again.
	 */
	for (guint i = rip + 1; i <= last; i++) {
		const char *end;
		uint64_t value;

		if (is_one_register(line_at(lines, i), "CR2: ") &&
		    parse_hex(line_at(lines, i) + strlen("CR2: "), &value, &end))
			replace_value(&values, "CR2", value);
	}
	registers->registers = make_array(&values);
}

void oops_registers_clear(struct oops_registers *registers)
{
	g_clear_pointer(&registers->registers, g_array_unref);
	g_clear_pointer(&registers->place, g_free);
}
