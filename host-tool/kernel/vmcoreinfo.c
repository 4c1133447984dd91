// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/vmcoreinfo.h"

#include <string.h>

/* VMCOREINFO_BYTES is one page; this allows for a larger one. */
#define MAX_VMCOREINFO 65536

char *vmcoreinfo_read(const struct kernel *kernel, GError **error)
{
	g_autofree char *text = NULL;
	uint64_t data, size;

	if (!kernel_read_variable(kernel, SYMBOL_vmcoreinfo_data, &data, sizeof(data), error))
		return NULL;
	/* Found without a symbol, its size has no symbol either: the text fills a page. */
	if (kernel->map->functions_only)
		size = GUEST_PAGE_SIZE;
	else if (!kernel_read_variable(kernel, SYMBOL_vmcoreinfo_size, &size, sizeof(size), error))
		return NULL;
	if (!data || !size || size > MAX_VMCOREINFO) {
		g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
			    "VMCOREINFO of %" G_GUINT64_FORMAT " bytes at 0x%" G_GINT64_MODIFIER
			    "x",
			    size, data);
		return NULL;
	}
	text = g_malloc0(size + 1);
	if (!address_space_read(&kernel->space, gva(data), text, size, NULL, error))
		return NULL;
	if (strstr(text, "OSRELEASE="))
		return g_steal_pointer(&text);
	g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
			    "VMCOREINFO does not name a release");
	return NULL;
}

char *vmcoreinfo_value(const char *text, const char *key)
{
	size_t length = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, length) && line[length] == '=')
			return g_strndup(line + length + 1, strcspn(line + length + 1, "\n"));
	}
	return NULL;
}

bool vmcoreinfo_number(const char *text, const char *key, uint64_t *value)
{
	g_autofree char *string = vmcoreinfo_value(text, key);

	return string && g_ascii_string_to_unsigned(string, 10, 0, G_MAXUINT64, value, NULL);
}

bool vmcoreinfo_address(const char *text, const char *key, uint64_t *value)
{
	g_autofree char *string = vmcoreinfo_value(text, key);

	return string && g_ascii_string_to_unsigned(string, 16, 0, G_MAXUINT64, value, NULL);
}
