/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include <string.h>

#include "lines_text.h"
#include "members.h"

#define FOLD_REPEATS 3 /* shorter repetitions are printed in full */

/* --- registers --- */

struct shown {
	const char *member; /* member of the registers or of a segment: "cs.selector" */
	const char *label;
	unsigned int digits;
};

#define MAX_IN_ROW 5

/* The registers with which control left a frame. */
static const struct shown saved_rows[][MAX_IN_ROW] = {
	{{"rsp", "RSP: ", 16},
	 {"ss", "SS: ", 4},
	 {"cs", "CS: ", 4},
	 {"rflags", "EFLAGS: ", 8},
	 {"orig_rax", "ORIG_RAX: ", 16}},
};

static const struct shown general_rows[][MAX_IN_ROW] = {
	{{"rax", "RAX: ", 16}, {"rbx", "RBX: ", 16}, {"rcx", "RCX: ", 16}},
	{{"rdx", "RDX: ", 16}, {"rsi", "RSI: ", 16}, {"rdi", "RDI: ", 16}},
	{{"rbp", "RBP: ", 16}, {"r8", "R08: ", 16}, {"r9", "R09: ", 16}},
	{{"r10", "R10: ", 16}, {"r11", "R11: ", 16}, {"r12", "R12: ", 16}},
	{{"r13", "R13: ", 16}, {"r14", "R14: ", 16}, {"r15", "R15: ", 16}},
};

/* Registers that only a vCPU has, not a frame. */
static const struct shown control_rows[][MAX_IN_ROW] = {
	{{"cs.selector", "CS:  ", 4},
	 {"ds.selector", "DS: ", 4},
	 {"es.selector", "ES: ", 4},
	 {"cr0", "CR0: ", 16}},
	{{"cr2", "CR2: ", 16}, {"cr3", "CR3: ", 16}, {"cr4", "CR4: ", 16}},
};

/* What only the registers at a fault have, by the names that they have there. */
static const struct shown fault_rows[][MAX_IN_ROW] = {
	{{"fs_base", "FS: ", 16}, {"gs_base", "GS: ", 16}, {"kernel_gs_base", "knlGS: ", 16}},
	{{"ds", "DS: ", 4}, {"es", "ES: ", 4}, {"cr0", "CR0: ", 16}},
	{{"cr2", "CR2: ", 16}, {"cr3", "CR3: ", 16}, {"cr4", "CR4: ", 16}},
};

static bool find(JsonObject *regs, const char *path, guint64 *value)
{
	g_auto(GStrv) names = g_strsplit(path, ".", 2);
	const char *text = names[1] ? member_text(member_object(regs, names[0]), names[1], NULL)
				    : member_text(regs, names[0], NULL);

	return text && g_str_has_prefix(text, "0x") &&
	       g_ascii_string_to_unsigned(text + 2, 16, 0, G_MAXUINT64, value, NULL);
}

static void append_row(GString *text, const char *indent, const struct shown *row, JsonObject *regs)
{
	const char *separator = indent;
	guint64 value;

	for (size_t i = 0; i < MAX_IN_ROW && row[i].member; i++) {
		if (!find(regs, row[i].member, &value))
			continue;
		g_string_append_printf(text, "%s%s%0*" G_GINT64_MODIFIER "x", separator,
				       row[i].label, (int)row[i].digits, value);
		separator = " ";
	}
	if (separator != indent)
		g_string_append_c(text, '\n');
}

static void append_rows(GString *text, const char *indent, const struct shown (*rows)[MAX_IN_ROW],
			size_t num, JsonObject *regs)
{
	for (size_t i = 0; i < num; i++)
		append_row(text, indent, rows[i], regs);
}

static void append_general(GString *text, const char *indent, JsonObject *regs)
{
	append_rows(text, indent, general_rows, G_N_ELEMENTS(general_rows), regs);
}

/* Registers that the stack or the log has. */
static void append_saved(GString *text, const char *indent, JsonObject *regs)
{
	append_rows(text, indent, saved_rows, G_N_ELEMENTS(saved_rows), regs);
	append_general(text, indent, regs);
}

static void append_exit(GString *text, JsonObject *frame)
{
	g_string_append(text, "   RIP: ");
	trace_append_symbol(text, frame);
	g_string_append_c(text, '\n');
	append_saved(text, "   ", member_object(frame, "regs"));
}

void trace_append_fault_registers(GString *text, const char *indent, JsonObject *regs)
{
	append_saved(text, indent, regs);
	append_rows(text, indent, fault_rows, G_N_ELEMENTS(fault_rows), regs);
}

static void append_selector(GString *text, JsonObject *regs, const char *segment)
{
	guint64 selector;

	if (find(regs, segment, &selector))
		g_string_append_printf(text, "%04" G_GINT64_MODIFIER "x:", selector);
}

static void append_place(GString *text, JsonObject *vcpu, JsonObject *regs)
{
	JsonArray *frames = member_array(vcpu, "frames");
	JsonObject *first =
		frames && json_array_get_length(frames) > 0 ? element_object(frames, 0) : NULL;
	guint64 rip;
	guint64 pc;

	if (!find(regs, "rip", &rip))
		return;
	g_string_append(text, "  RIP: ");
	append_selector(text, regs, "cs.selector");
	if (member_text(first, "symbol", NULL) && find(first, "pc", &pc) && pc == rip)
		trace_append_symbol(text, first);
	else
		g_string_append_printf(text, "0x%016" G_GINT64_MODIFIER "x", rip);
	g_string_append_c(text, '\n');
}

static void append_stack_pointer(GString *text, JsonObject *regs)
{
	guint64 rsp;
	guint64 rflags;

	if (!find(regs, "rsp", &rsp))
		return;
	g_string_append(text, "  RSP: ");
	append_selector(text, regs, "ss.selector");
	g_string_append_printf(text, "%016" G_GINT64_MODIFIER "x", rsp);
	if (find(regs, "rflags", &rflags))
		g_string_append_printf(text, " EFLAGS: %08" G_GINT64_MODIFIER "x", rflags);
	g_string_append(text, member_flag(regs, "halted", false) ? " halted\n" : "\n");
}

static void append_bases(GString *text, JsonObject *regs)
{
	guint64 fs;
	guint64 fs_base;
	guint64 gs;
	guint64 gs_base;

	if (find(regs, "fs.base", &fs_base) && find(regs, "fs.selector", &fs) &&
	    find(regs, "gs.base", &gs_base) && find(regs, "gs.selector", &gs))
		g_string_append_printf(text,
				       "  FS:  %016" G_GINT64_MODIFIER "x(%04" G_GINT64_MODIFIER
				       "x) GS:%016" G_GINT64_MODIFIER "x(%04" G_GINT64_MODIFIER
				       "x)\n",
				       fs_base, fs, gs_base, gs);
}

void trace_append_registers(GString *text, JsonObject *vcpu)
{
	JsonObject *regs = member_object(vcpu, "regs");

	append_place(text, vcpu, regs);
	append_stack_pointer(text, regs);
	append_general(text, "  ", regs);
	append_bases(text, regs);
	append_rows(text, "  ", control_rows, G_N_ELEMENTS(control_rows), regs);
}

/* --- frames --- */

/* The kernel's name of a stack in angle brackets, or NULL. */
static const char *stack_marker(JsonObject *frame)
{
	static const struct {
		const char *stack;
		const char *marker;
	} known[] = {
		{"task", "TASK"}, {"irq", "IRQ"}, {"nmi", "NMI"}, {"entry", "ENTRY_TRAMPOLINE"},
		{"user", NULL},
	};
	const char *stack = member_text(frame, "stack", NULL);

	for (size_t i = 0; stack && i < G_N_ELEMENTS(known); i++) {
		if (strcmp(stack, known[i].stack) == 0)
			return known[i].marker;
	}
	return stack;
}

void trace_append_symbol(GString *text, JsonObject *frame)
{
	const char *symbol = member_text(frame, "symbol", NULL);
	const char *module = member_text(frame, "module", NULL);

	if (!symbol) {
		g_string_append(text, member_text(frame, "pc", "unknown"));
		return;
	}
	g_string_append_printf(text, "%s+0x%" G_GINT64_MODIFIER "x", symbol,
			       member_number(frame, "offset", 0));
	if (member_number(frame, "size", 0) > 0)
		g_string_append_printf(text, "/0x%" G_GINT64_MODIFIER "x",
				       member_number(frame, "size", 0));
	if (module)
		g_string_append_printf(text, " [%s]", module);
}

static bool is_same(JsonObject *a, JsonObject *b)
{
	return b && !member_object(b, "regs") &&
	       g_strcmp0(member_text(a, "pc", NULL), member_text(b, "pc", NULL)) == 0 &&
	       g_strcmp0(member_text(a, "stack", NULL), member_text(b, "stack", NULL)) == 0 &&
	       member_flag(a, "reliable", true) == member_flag(b, "reliable", true) &&
	       member_flag(a, "late", false) == member_flag(b, "late", false);
}

/* The number of equal frames after @first: a recursion. */
static guint count_repeats(JsonArray *frames, guint first)
{
	JsonObject *frame = element_object(frames, first);
	guint next = first + 1;

	while (next < json_array_get_length(frames) && is_same(frame, element_object(frames, next)))
		next++;
	return next - first - 1;
}

/* @told: a note says already that all frames are late. */
static void append_frame(GString *text, JsonObject *frame, bool told)
{
	lines_append_inlined(text, "   ", frame);
	g_string_append(text, member_flag(frame, "reliable", true) ? "   " : "   ? ");
	trace_append_symbol(text, frame);
	lines_append_place(text, frame);
	g_string_append(text, member_flag(frame, "late", false) && !told
				      ? "  (read after the thaw)\n"
				      : "\n");
	lines_append_source(text, "   ", frame);
}

static void change_marker(GString *text, const char **marker, const char *next)
{
	if (g_strcmp0(*marker, next) == 0)
		return;
	if (*marker)
		g_string_append_printf(text, "   </%s>\n", *marker);
	if (next)
		g_string_append_printf(text, "   <%s>\n", next);
	*marker = next;
}

static bool all_late(JsonArray *frames)
{
	for (guint i = 0; i < json_array_get_length(frames); i++)
		if (!member_flag(element_object(frames, i), "late", false))
			return false;
	return true;
}

void trace_append(GString *text, JsonArray *frames)
{
	const char *marker = NULL;
	bool told;

	if (!frames || json_array_get_length(frames) == 0) {
		g_string_append(text, "  No call trace.\n");
		return;
	}
	told = all_late(frames);
	g_string_append(text, told ? "  Call Trace (read after the thaw):\n" : "  Call Trace:\n");
	for (guint i = 0; i < json_array_get_length(frames); i++) {
		JsonObject *frame = element_object(frames, i);
		guint repeats = count_repeats(frames, i);

		if (member_object(frame, "regs"))
			append_exit(text, frame);
		change_marker(text, &marker, stack_marker(frame));
		append_frame(text, frame, told);
		if (repeats >= FOLD_REPEATS) {
			g_string_append_printf(text, "   ... and %u times more\n", repeats);
			i += repeats;
		}
	}
	change_marker(text, &marker, NULL);
}
