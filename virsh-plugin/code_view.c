/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "code_view.h"

#include "cli.h"
#include "lines_text.h"
#include "members.h"
#include "trace.h"

void code_append_instruction(GString *text, JsonObject *instruction)
{
	const char *address = member_text(instruction, "address", "");
	const char *target = member_text(instruction, "target", NULL);

	g_string_append_printf(
		text, "%s%s  %-30s%s", member_flag(instruction, "fault", false) ? "  => " : "     ",
		g_str_has_prefix(address, "0x") ? address + 2 : address,
		member_text(instruction, "bytes", ""), member_text(instruction, "text", ""));
	if (target)
		g_string_append_printf(text, " <%s>", target);
	g_string_append_c(text, '\n');
}

static void append_code(GString *text, JsonArray *instructions)
{
	JsonObject *before = NULL;

	for (guint i = 0; i < json_array_get_length(instructions); i++) {
		JsonObject *instruction = element_object(instructions, i);

		lines_append_before(text, instruction, before);
		code_append_instruction(text, instruction);
		before = instruction;
	}
}

GString *code_view(JsonObject *report, GError **error)
{
	JsonObject *fault = member_object(report, "fault");
	JsonArray *instructions = member_array(fault, "instructions");
	GString *text;

	if (!instructions || json_array_get_length(instructions) == 0) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "the report has no code: it is of no oops, or the code was not read");
		return NULL;
	}
	text = g_string_new("  RIP: ");
	trace_append_symbol(text, fault);
	lines_append_place(text, fault);
	g_string_append_c(text, '\n');
	append_code(text, instructions);
	if (member_text(fault, "explanation", NULL))
		g_string_append_printf(text, "  Cause: %s\n",
				       member_text(fault, "explanation", NULL));
	return text;
}
