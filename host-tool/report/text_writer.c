/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/text_writer.h"

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
