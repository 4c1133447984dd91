// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/registers.h"

#include <string.h>

bool named_register_find(const GArray *registers, const char *name, uint64_t *value)
{
	for (guint i = 0; registers && i < registers->len; i++) {
		const struct named_register *found =
			&g_array_index(registers, struct named_register, i);

		if (!strcmp(found->name, name)) {
			*value = found->value;
			return true;
		}
	}
	return false;
}
