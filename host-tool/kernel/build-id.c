// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/build-id.h"

#include <elf.h>
#include <string.h>

#define MAX_NOTES 65536u
#define MAX_BUILD_ID 64u

static size_t align4(size_t length)
{
	return (length + 3) & ~(size_t)3;
}

static char *hex(const uint8_t *bytes, size_t length)
{
	GString *text = g_string_new(NULL);

	for (size_t i = 0; i < length; i++)
		g_string_append_printf(text, "%02x", bytes[i]);
	return g_string_free(text, FALSE);
}

/* NULL: none of the notes is a build ID. */
static char *find_build_id(const uint8_t *notes, size_t length)
{
	Elf64_Nhdr header;

	for (size_t at = 0; length - at >= sizeof(header);) {
		size_t name = at + sizeof(header), descriptor;

		memcpy(&header, notes + at, sizeof(header));
		if (header.n_namesz > MAX_NOTES || header.n_descsz > MAX_NOTES)
			return NULL;
		descriptor = name + align4(header.n_namesz);
		at = descriptor + align4(header.n_descsz);
		if (at > length)
			return NULL;
		if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == sizeof("GNU") &&
		    !memcmp(notes + name, "GNU", sizeof("GNU")) && header.n_descsz &&
		    header.n_descsz <= MAX_BUILD_ID)
			return hex(notes + descriptor, header.n_descsz);
	}
	return NULL;
}

char *build_id_read(const struct kernel *kernel, GError **error)
{
	uint64_t start = kernel->map->symbols[SYMBOL___start_notes];
	uint64_t stop = kernel->map->symbols[SYMBOL___stop_notes];
	g_autofree uint8_t *notes = NULL;
	char *build_id;

	if (!start || stop <= start || stop - start > MAX_NOTES) {
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
				    "this kernel names no notes of its own");
		return NULL;
	}
	notes = g_malloc(stop - start);
	if (!address_space_read(&kernel->space, gva(start), notes, stop - start, NULL, error))
		return NULL;
	build_id = find_build_id(notes, stop - start);
	if (!build_id)
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
				    "none of the kernel's notes is a build ID");
	return build_id;
}
