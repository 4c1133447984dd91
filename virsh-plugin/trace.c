/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include "members.h"

/* Those that are there of a register object, three in a line. */
void trace_append_registers(GString *text, const char *indent, JsonObject *regs)
{
	static const char *const lines[][3] = {
		{"rip", "rsp", "rflags"}, {"rax", "rbx", "rcx"}, {"rdx", "rsi", "rdi"},
		{"rbp", "r8", "r9"},	  {"r10", "r11", "r12"}, {"r13", "r14", "r15"},
		{"cr0", "cr2", "cr3"},	  {"cr4", "efer", NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		if (!json_object_has_member(regs, lines[i][1]))
			continue;
		g_string_append(text, indent);
		for (size_t j = json_object_has_member(regs, lines[i][0]) ? 0 : 1;
		     j < 3 && lines[i][j]; j++) {
			g_autofree char *name = g_ascii_strup(lines[i][j], -1);
			const char *value = member_text(regs, lines[i][j], "unknown");

			bool last = j == 2 || !lines[i][j + 1];

			g_string_append_printf(text, last ? " %6s: %s" : " %6s: %-18s", name,
					       value);
		}
		g_string_append_c(text, '\n');
	}
}

void trace_append(GString *text, JsonArray *frames)
{
	if (!frames || json_array_get_length(frames) == 0) {
		g_string_append(text, "  No call trace.\n");
		return;
	}
	g_string_append(text, "  Call Trace:\n");
	for (guint i = 0; i < json_array_get_length(frames); i++) {
		JsonObject *frame = element_object(frames, i);
		const char *symbol = member_text(frame, "symbol", NULL);
		const char *module = member_text(frame, "module", NULL);
		JsonObject *regs = member_object(frame, "regs");

		if (regs)
			trace_append_registers(text, "    ", regs);
		g_string_append(text, member_flag(frame, "reliable", true) ? "   " : "   ? ");
		if (symbol)
			g_string_append_printf(text, "%s+%#" G_GINT64_MODIFIER "x", symbol,
					       member_number(frame, "offset", 0));
		else
			g_string_append(text, member_text(frame, "pc", "unknown"));
		if (symbol && member_number(frame, "size", 0) > 0)
			g_string_append_printf(text, "/%#" G_GINT64_MODIFIER "x",
					       member_number(frame, "size", 0));
		if (module)
			g_string_append_printf(text, " [%s]", module);
		g_string_append(text, member_flag(frame, "late", false)
					      ? "  (read after the thaw)\n"
					      : "\n");
	}
}
