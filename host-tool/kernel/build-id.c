// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/build-id.h"

#include <elf.h>
#include <string.h>

#define MAX_NOTES 65536u
#define MAX_BUILD_ID 64u
#define MODULE_BUILD_ID_SIZE 20 /* BUILD_ID_SIZE_MAX in include/linux/buildid.h */
#define MAX_MODULE_NOTES 8

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

/* NULL: no note is a build ID. */
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

static char *build_id_at(const struct kernel *kernel, gva_t start, uint64_t length)
{
	g_autofree uint8_t *notes = NULL;

	if (!length || length > MAX_NOTES)
		return NULL;
	notes = g_malloc(length);
	return address_space_read(&kernel->space, start, notes, length, NULL, NULL)
		       ? find_build_id(notes, length)
		       : NULL;
}

/* struct module_notes_attrs ends in an array; only some releases store its length. */
static char *build_id_of_notes(const struct kernel *kernel, gva_t module)
{
	int32_t stride = kernel->map->fields[SIZE_bin_attribute];
	uint64_t attributes, start, length;
	char *build_id = NULL;

	if (!kernel_has(kernel, FIELD_module_notes_first) || stride == FIELD_UNKNOWN ||
	    !kernel_read_field(kernel, module, FIELD_module_notes_attrs, &attributes, 8, NULL) ||
	    !attributes)
		return NULL;
	attributes += (uint64_t)kernel->map->fields[FIELD_module_notes_first];
	for (int i = 0; !build_id && i < MAX_MODULE_NOTES; i++) {
		gva_t attribute = gva_add(gva(attributes), (uint64_t)i * (uint64_t)stride);

		if (!kernel_read_field(kernel, attribute, FIELD_bin_attribute_size, &length, 8,
				       NULL) ||
		    !kernel_read_field(kernel, attribute, FIELD_bin_attribute_private, &start, 8,
				       NULL) ||
		    !kernel_is_kernel_address(kernel, gva(start)))
			return NULL;
		build_id = build_id_at(kernel, gva(start), length);
	}
	return build_id;
}

char *build_id_read_module(const struct kernel *kernel, gva_t module)
{
	uint8_t build_id[MODULE_BUILD_ID_SIZE];

	if (!kernel_has(kernel, FIELD_module_build_id))
		return build_id_of_notes(kernel, module);
	if (!kernel_read_field(kernel, module, FIELD_module_build_id, build_id, sizeof(build_id),
			       NULL))
		return NULL;
	for (size_t i = 0; i < sizeof(build_id); i++)
		if (build_id[i])
			return hex(build_id, sizeof(build_id));
	return NULL;
}
