/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/text_writer.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "kernel/registers.h"

#include "common/sanitize.h"

void text_append(GString *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_string_append_vprintf(text, format, arguments);
	va_end(arguments);
}

void text_append_clean(GString *text, const char *string)
{
	sanitize_append(text, string ? string : "unknown", -1, false);
}

void text_append_paragraph(GString *text, const char *string)
{
	g_autofree char *clean = sanitize_line(string, -1);
	g_auto(GStrv) words = g_strsplit(clean, " ", -1);
	gsize column_0 = text->len;

	for (char **word = words; *word; word++) {
		bool first = text->len == column_0;

		if (!first && text->len - column_0 + 1 + strlen(*word) > WRAP_COLUMNS) {
			g_string_append_c(text, '\n');
			column_0 = text->len;
		} else if (!first) {
			g_string_append_c(text, ' ');
		}
		g_string_append(text, *word);
	}
}

void text_registers(GString *text, const char *indent, const GArray *registers)
{
	unsigned int row = 0;

	for (guint i = 0; registers && i < registers->len; i++) {
		const struct named_register *found =
			&g_array_index(registers, struct named_register, i);

		if (i == 0 || found->row != row)
			text_append(text, "%s%s", i > 0 ? "\n" : "", indent);
		else
			g_string_append_c(text, ' ');
		row = found->row;
		text_append(text, "%s: %0*" PRIx64, found->label, found->digits, found->value);
	}
	g_string_append_c(text, '\n');
}
