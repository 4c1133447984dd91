// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/ksymtab.h"

/* The minimum number of consecutive entries: the smallest kernel exports a few thousand symbols. */
#define MIN_ENTRIES 100
#define MAX_NAME 512

static bool is_name_character(uint8_t character)
{
	return g_ascii_isalnum(character) || character == '_' || character == '.';
}

/* The string that the offset at @position leads to; NULL: not the start of a name. */
static const char *name_at(struct image *image, size_t position)
{
	uint64_t address = image_relative(image, position);
	size_t offset = address - image->start.value;

	/* No NUL needs to precede the name: the linker merges a name with the end of another. */
	if (!image_has(image, address, MAX_NAME) || !is_name_character(image->bytes[offset]))
		return NULL;
	for (size_t i = offset; i < offset + MAX_NAME && image_step(image); i++) {
		if (!image->bytes[i])
			return (const char *)image->bytes + offset;
		if (!is_name_character(image->bytes[i]))
			return NULL;
	}
	return NULL;
}

static bool is_entry(struct image *image, size_t position, size_t size)
{
	return position + size <= image->length && image_step(image) &&
	       name_at(image, position + 4);
}

static void take_entry(struct image *image, size_t position, GHashTable *wanted)
{
	const char *name = name_at(image, position + 4);
	uint64_t *value = name ? g_hash_table_lookup(wanted, name) : NULL;

	if (value && !*value)
		*value = image_relative(image, position);
}

static bool find_tables(struct image *image, size_t entry_size, GHashTable *wanted)
{
	bool found = false;

	for (size_t position = 0; position + entry_size <= image->length;) {
		size_t end = position;

		while (is_entry(image, end, entry_size))
			end += entry_size;
		if (end - position < MIN_ENTRIES * entry_size) {
			position += 4;
			continue;
		}
		found = true;
		for (; position < end; position += entry_size)
			take_entry(image, position, wanted);
	}
	return found;
}

bool ksymtab_resolve(struct image *image, const char *const *names, size_t num_names,
		     uint64_t *values)
{
	g_autoptr(GHashTable) wanted = g_hash_table_new(g_str_hash, g_str_equal);

	for (size_t i = 0; i < num_names; i++) {
		if (!values[i])
			g_hash_table_insert(wanted, (gpointer)names[i], &values[i]);
	}
	/* Entries with a namespace or, up to 5.3, without. */
	return find_tables(image, 12, wanted) || find_tables(image, 8, wanted);
}
