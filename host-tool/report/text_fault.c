/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/text_fault.h"

#include <inttypes.h>

#include "report/text_writer.h"

#define BYTES_SHOWN 10
#define BYTES_COLUMNS (3 * BYTES_SHOWN)

static void write_bytes(GString *text, const struct instruction *instruction)
{
	unsigned int shown = MIN(instruction->length, BYTES_SHOWN);

	for (unsigned int i = 0; i < shown; i++)
		text_append(text, "%02x%c", instruction->bytes[i],
			    i == BYTES_SHOWN - 1 && instruction->length > BYTES_SHOWN ? '+' : ' ');
	text_append(text, "%*s", BYTES_COLUMNS - 3 * (int)shown, "");
}

static void write_instruction(GString *text, const struct report_fault *fault,
			      const struct instruction *instruction)
{
	g_string_append(text, instruction->at_fault ? "  => " : "     ");
	if (fault->pc.known)
		text_append(text, "%016" PRIx64 "  ", instruction->address.value);
	write_bytes(text, instruction);
	text_append_clean(text, instruction->text);
	if (instruction->target_name) {
		g_string_append(text, " <");
		text_append_clean(text, instruction->target_name);
		g_string_append_c(text, '>');
	}
	g_string_append_c(text, '\n');
}

static void write_code(GString *text, const struct report_fault *fault)
{
	if (!fault->instructions || fault->instructions->len == 0) {
		g_string_append(text, "  The code there cannot be read.\n");
		return;
	}
	text_append(text, "  Code%s:\n",
		    fault->code.bytes ? "" : " (as the guest printed it; memory was not read)");
	for (guint i = 0; i < fault->instructions->len; i++)
		write_instruction(text, fault,
				  &g_array_index(fault->instructions, struct instruction, i));
	if (fault->code_difference) {
		g_string_append(text, "  The guest printed other code: ");
		text_append_clean(text, fault->code_difference);
		g_string_append_c(text, '\n');
	}
}

void text_fault(GString *text, const struct report_fault *fault)
{
	g_autofree char *place = NULL;

	if (!fault->known)
		return;
	place = resolved_symbol_text(&fault->symbol, fault->pc.value);
	text_append(text, "At the fault (registers %s)\n  RIP: ",
		    g_strcmp0(fault->source, "stack") == 0 ? "from the stack"
							   : "as the guest printed them");
	text_append_clean(text, fault->symbol.name || fault->pc.known ? place : NULL);
	g_string_append_c(text, '\n');
	text_registers(text, "  ", fault->registers);
	write_code(text, fault);
	if (fault->explanation) {
		g_string_append(text, "  Cause: ");
		text_append_clean(text, fault->explanation);
		g_string_append_c(text, '\n');
	}
	g_string_append_c(text, '\n');
}
