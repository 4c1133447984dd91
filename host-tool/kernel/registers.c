// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/registers.h"

#include <string.h>

struct named_register *named_register_at(const GArray *registers, const char *name)
{
	for (guint i = 0; registers && i < registers->len; i++) {
		struct named_register *found = &g_array_index(registers, struct named_register, i);

		if (!strcmp(found->name, name))
			return found;
	}
	return NULL;
}

bool named_register_find(const GArray *registers, const char *name, uint64_t *value)
{
	const struct named_register *found = named_register_at(registers, name);

	if (found)
		*value = found->value;
	return found != NULL;
}
