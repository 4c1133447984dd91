// SPDX-License-Identifier: GPL-2.0-or-later
#include "hide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

G_GNUC_NORETURN static void cannot_read(void)
{
	fprintf(stderr, "the symbol table cannot be read\n");
	exit(2);
}

static bool is_function(const struct kernel_map *map, uint64_t address)
{
	const uint64_t *symbols = map->symbols;

	return (address >= symbols[SYMBOL__stext] && address <= symbols[SYMBOL__etext]) ||
	       (address >= symbols[SYMBOL__sinittext] && address <= symbols[SYMBOL__einittext]);
}

static uint64_t address_of(const struct kallsyms *kallsyms, const struct address_space *space,
			   uint32_t index)
{
	gva_t place = gva_add(kallsyms->offsets, 4 * (uint64_t)index);
	uint32_t offset;

	if (!address_space_read_u32(space, place, &offset, NULL))
		cannot_read();
	if (kallsyms->encoding == KALLSYMS_RELATIVE)
		return kallsyms->relative_base + offset;
	if (kallsyms->encoding == KALLSYMS_SELF_RELATIVE)
		return place.value + (uint64_t)(int64_t)(int32_t)offset;
	return (int32_t)offset >= 0
		       ? offset
		       : kallsyms->relative_base - 1 - (uint64_t)(int64_t)(int32_t)offset;
}

void hide_variables(const struct kernel_map *map, const struct address_space *space,
		    hide_write_fn write, void *user_data)
{
	const struct kallsyms *kallsyms = &map->kallsyms;
	size_t length = kallsyms->markers.value - kallsyms->names.value, at = 0;
	g_autofree uint8_t *names = g_malloc(length + 2);

	if (!address_space_peek(space, kallsyms->names, names, length, NULL))
		cannot_read();
	for (uint32_t i = 0; i < kallsyms->num_symbols; i++) {
		size_t tokens = names[at] & 0x7f, header = 1;

		if (names[at] & 0x80) {
			tokens |= (size_t)names[at + 1] << 7;
			header = 2;
		}
		at += header;
		if (!is_function(map, address_of(kallsyms, space, i)))
			memset(names + at, names[at], tokens);
		at += tokens;
	}
	write(user_data, kallsyms->names, names, length);
}
