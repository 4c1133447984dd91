/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug_file.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <unistd.h>

#include "chain.h"

struct debug_file {
	Dwfl *dwfl;
	Dwarf *dwarf;	    /* of dwfl */
	Dwarf_Addr bias;    /* add it to addresses in the DWARF */
	Dwarf *alternative; /* or NULL */
	int alternative_fd;
	struct symbols *symbols;
	struct units *units; /* created at the first lookup */
};

/* Other files are found elsewhere, by their build IDs. */
static int find_nothing(Dwfl_Module *module G_GNUC_UNUSED, void **data G_GNUC_UNUSED,
			const char *name G_GNUC_UNUSED, Dwarf_Addr base G_GNUC_UNUSED,
			const char *file G_GNUC_UNUSED, const char *link G_GNUC_UNUSED,
			GElf_Word checksum G_GNUC_UNUSED, char **debug G_GNUC_UNUSED)
{
	return -1;
}

static const Dwfl_Callbacks callbacks = {
	.find_debuginfo = find_nothing,
	.section_address = dwfl_offline_section_address,
};

static Dwfl_Module *report_module(Dwfl *dwfl, const char *path, int fd, GError **error)
{
	Dwfl_Module *module = dwfl_report_offline(dwfl, "", path, fd);

	if (!module) {
		g_set_error(error, LINES_ERROR, LINES_ERROR_FILE, "cannot open it: %s",
			    dwfl_errmsg(-1));
		close(fd);
		return NULL;
	}
	dwfl_report_end(dwfl, NULL, NULL);
	return module;
}

static bool load(struct debug_file *file, const char *path, int fd, GError **error)
{
	Dwfl_Module *module = report_module(file->dwfl, path, fd, error);

	if (!module)
		return false;
	file->dwarf = dwfl_module_getdwarf(module, &file->bias);
	if (!file->dwarf) {
		g_set_error(error, LINES_ERROR, LINES_ERROR_FILE,
			    "cannot read its debug information: %s", dwfl_errmsg(-1));
		return false;
	}
	file->symbols = symbols_new(module, error);
	return file->symbols != NULL;
}

struct debug_file *debug_file_open(const char *path, int fd, GError **error)
{
	struct debug_file *file = g_new0(struct debug_file, 1);

	file->alternative_fd = -1;
	file->dwfl = dwfl_begin(&callbacks);
	if (!load(file, path, fd, error)) {
		debug_file_free(file);
		return NULL;
	}
	return file;
}

void debug_file_free(struct debug_file *file)
{
	if (!file)
		return;
	units_free(file->units);
	symbols_free(file->symbols);
	dwfl_end(file->dwfl);
	if (file->alternative)
		dwarf_end(file->alternative);
	if (file->alternative_fd >= 0)
		close(file->alternative_fd);
	g_free(file);
}

char *debug_file_alternative(const struct debug_file *file)
{
	const char *name;
	const void *bytes;
	ssize_t length = dwelf_dwarf_gnu_debugaltlink(file->dwarf, &name, &bytes);
	GString *text;

	if (length <= 0)
		return NULL;
	text = g_string_new(NULL);
	for (ssize_t i = 0; i < length; i++)
		g_string_append_printf(text, "%02x", ((const unsigned char *)bytes)[i]);
	return g_string_free(text, FALSE);
}

bool debug_file_set_alternative(struct debug_file *file, int fd, GError **error)
{
	Dwarf *alternative = dwarf_begin(fd, DWARF_C_READ);

	if (!alternative) {
		g_set_error(error, LINES_ERROR, LINES_ERROR_FILE, "cannot read it: %s",
			    dwarf_errmsg(-1));
		close(fd);
		return false;
	}
	dwarf_setalt(file->dwarf, alternative);
	file->alternative = alternative;
	file->alternative_fd = fd;
	return true;
}

GArray *debug_file_look_up(struct debug_file *file, const struct place *place, GError **error)
{
	GArray *chain;
	guint64 address;

	if (!symbols_find(file->symbols, place, &address, error))
		return NULL;
	if (!file->units)
		file->units = units_new(file->dwarf);
	chain = g_array_new(FALSE, FALSE, sizeof(struct position));
	chain_find(file->units, address - file->bias, chain);
	if (chain->len == 0) {
		g_set_error(error, LINES_ERROR, LINES_ERROR_PLACE, "it tells nothing of %s",
			    place->symbol ? place->symbol : "that address");
		g_array_unref(chain);
		return NULL;
	}
	return chain;
}
