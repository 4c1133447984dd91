// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/instruction.h"

static void instruction_clear(struct instruction *instruction)
{
	g_free(instruction->text);
	g_free(instruction->target_name);
}

GArray *instructions_new(void)
{
	GArray *instructions = g_array_new(FALSE, TRUE, sizeof(struct instruction));

	g_array_set_clear_func(instructions, (GDestroyNotify)instruction_clear);
	return instructions;
}
