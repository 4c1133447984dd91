// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/warning.h"

#include <glib.h>
#include <string.h>

#include "kernel/oops-log.h"

#define PREFIX "WARNING: "

bool warning_parse(const char *line, char **function, char **module)
{
	const char *offset = g_str_has_prefix(line, PREFIX) ? strstr(line, "+0x") : NULL;
	const char *start = offset;

	if (!offset)
		return false;
	while (start > line && start[-1] != ' ')
		start--;
	return oops_symbol_parse(start, function, module);
}
