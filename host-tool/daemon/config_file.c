/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config_file.h"

#include <string.h>

#include "daemon/config.h"

#define DROP_INS "oopsbtd.conf.d"

/* --- list of files --- */

/* Files of an earlier folder take precedence. */
static void add_drop_ins(GHashTable *by_name, const char *folder)
{
	g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
	const char *name;

	while (directory && (name = g_dir_read_name(directory)))
		if (*name != '.' && g_str_has_suffix(name, ".conf") &&
		    !g_hash_table_contains(by_name, name))
			g_hash_table_insert(by_name, g_strdup(name),
					    g_build_filename(folder, name, NULL));
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

GPtrArray *config_files(const char *path)
{
	g_autoptr(GHashTable) by_name =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	const char *first = path ? path : CONFIG_DEFAULT_PATH;
	g_autofree char *own = g_strconcat(first, ".d", NULL);
	GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GList) names = NULL;

	add_drop_ins(by_name, own);
	if (path == NULL) {
		add_drop_ins(by_name, "/run/" DROP_INS);
		add_drop_ins(by_name, OOPSBT_PREFIX "/lib/" DROP_INS);
	}
	names = g_list_sort(g_hash_table_get_keys(by_name), compare_names);
	g_ptr_array_add(files, g_strdup(first));
	for (GList *name = names; name; name = name->next)
		g_ptr_array_add(files, g_strdup(g_hash_table_lookup(by_name, name->data)));
	return files;
}

/* --- one file --- */

/*
 * *@section: the section of this line or of the following lines; g_free(). NULL: the line is valid.
 */
static const char *read_line(char *line, struct config_setting *setting, char **section,
			     const struct config_reader *reader)
{
	char *equals = strchr(line, '=');
	size_t length = strlen(line);

	if (*line == '\0' || *line == '#' || *line == ';')
		return NULL;
	if (*line == '[') {
		if (line[length - 1] != ']')
			return "the name of a section ends with ]";
		g_free(*section);
		*section = g_strndup(line + 1, length - 2);
		return NULL;
	}
	if (equals == NULL || equals == line)
		return "this is neither [SECTION] nor KEY = VALUE; a comment begins with #";
	if (*section == NULL)
		return "there is no [SECTION] before this setting";
	*equals = '\0';
	setting->section = *section;
	setting->key = g_strchomp(line);
	setting->value = g_strstrip(equals + 1);
	reader->setting(setting, reader->user_data);
	return NULL;
}

bool config_file_read(const char *path, const struct config_reader *reader, GError **error)
{
	g_autofree char *text = NULL;
	g_autofree char *section = NULL;
	g_auto(GStrv) lines = NULL;
	size_t length;

	if (!g_file_get_contents(path, &text, &length, error))
		return false;
	if (strlen(text) != length) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "\"%s\" is not text", path);
		return false;
	}
	lines = g_strsplit(text, "\n", -1);
	for (unsigned int i = 0; lines[i]; i++) {
		struct config_setting setting = {.path = path, .line = i + 1};
		const char *why = read_line(g_strstrip(lines[i]), &setting, &section, reader);

		if (why)
			reader->bad_line(&setting, why, reader->user_data);
	}
	return true;
}
