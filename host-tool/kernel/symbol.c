// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/symbol.h"

#include <glib.h>
#include <inttypes.h>

void resolved_symbol_clear(struct resolved_symbol *symbol)
{
	g_free(symbol->name);
	g_free(symbol->module);
	*symbol = (struct resolved_symbol){0};
}

char *resolved_symbol_text(const struct resolved_symbol *symbol, uint64_t address)
{
	GString *text = g_string_new(NULL);

	if (symbol->name)
		g_string_append_printf(text, "%s+0x%" PRIx64, symbol->name, symbol->offset);
	else
		g_string_append_printf(text, "0x%016" PRIx64, address);
	if (symbol->name && symbol->size)
		g_string_append_printf(text, "/0x%" PRIx64, symbol->size);
	if (symbol->module)
		g_string_append_printf(text, " [%s]", symbol->module);
	return g_string_free(text, FALSE);
}
