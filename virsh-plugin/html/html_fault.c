/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "html_fault.h"

#include "../code_view.h"
#include "../lines_text.h"
#include "../members.h"
#include "../trace.h"
#include "html_parts.h"

#define MAX_INSTRUCTIONS 64

static void add_place(struct html *html, JsonObject *fault)
{
	GString *place = g_string_new(NULL);

	trace_append_symbol(place, fault);
	lines_append_place(place, fault);
	html_open(html, "p", NULL);
	html_element(html, "code", NULL, place->str);
	html_text(html, " at ");
	html_element(html, "code", NULL, member_text(fault, "pc", "unknown"));
	html_textf(html, "; registers from the %s", member_text(fault, "source", "unknown"));
	html_close(html);
	g_string_free(place, TRUE);
}

/* @before: the previous instruction, or NULL. */
static void add_instruction(struct html *html, JsonObject *instruction, JsonObject *before)
{
	g_autofree char *place = lines_of_instruction(instruction, before);
	GString *line = g_string_new(NULL);

	code_append_instruction(line, instruction);
	if (place)
		html_elementf(html, "b", NULL, "%s:\n", place);
	if (member_flag(instruction, "fault", false))
		html_element(html, "mark", NULL, line->str);
	else
		html_text(html, line->str);
	g_string_free(line, TRUE);
}

static void add_code(struct html *html, JsonObject *fault)
{
	JsonArray *code = member_array(fault, "instructions");
	const char *difference = member_text(fault, "code_difference", NULL);

	if (!code || json_array_get_length(code) == 0)
		return;
	html_open(html, "pre", "code");
	for (guint i = 0; i < MIN(json_array_get_length(code), MAX_INSTRUCTIONS); i++)
		add_instruction(html, element_object(code, i),
				i > 0 ? element_object(code, i - 1) : NULL);
	html_close(html);
	if (difference)
		html_elementf(html, "p", NULL, "Memory differs from what the guest printed: %s",
			      difference);
}

static void add_registers(struct html *html, JsonObject *regs)
{
	GString *text = g_string_new(NULL);

	trace_append_fault_registers(text, "  ", regs);
	if (text->len > 0)
		html_element(html, "pre", "registers", text->str);
	g_string_free(text, TRUE);
}

void html_fault(struct html *html, JsonObject *report)
{
	JsonObject *fault = member_object(report, "fault");

	if (!fault)
		return;
	html_section(html, "fault", "At the fault");
	add_place(html, fault);
	add_code(html, fault);
	add_registers(html, member_object(fault, "regs"));
	html_close(html);
}
