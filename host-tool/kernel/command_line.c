// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/command_line.h"

/* COMMAND_LINE_SIZE is 2048; a boot configuration is put before it. */
#define MAX_COMMAND_LINE 8192

char *command_line_read(const struct kernel *kernel, GError **error)
{
	uint64_t address;

	if (!kernel_read_variable(kernel, SYMBOL_saved_command_line, &address, sizeof(address),
				  error))
		return NULL;
	return address_space_read_string(&kernel->space, gva(address), MAX_COMMAND_LINE, error);
}
