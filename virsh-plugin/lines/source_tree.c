/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "symbols.h"

#define LINES_BEFORE 2
#define LINES_AFTER 2
#define MAX_FILE_BYTES (4 << 20)
#define MAX_FILES 500
#define MAX_LINE_BYTES 240

struct source_tree {
	char *folder; /* without symbolic links */
	GHashTable
		*files; /* key: name in the debug information; value: char **, the lines; or NULL */
};

static void free_lines(void *lines)
{
	g_strfreev(lines);
}

struct source_tree *source_tree_new(const char *folder, GError **error)
{
	g_autofree char *real = realpath(folder, NULL);
	struct source_tree *tree;

	if (!real || !g_file_test(real, G_FILE_TEST_IS_DIR)) {
		g_set_error(error, LINES_ERROR, LINES_ERROR_FILE,
			    "cannot read the sources in %s: %s", folder,
			    g_strerror(real ? ENOTDIR : errno));
		return NULL;
	}
	tree = g_new0(struct source_tree, 1);
	tree->folder = g_steal_pointer(&real);
	tree->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_lines);
	return tree;
}

void source_tree_free(struct source_tree *tree)
{
	if (!tree)
		return;
	g_free(tree->folder);
	g_hash_table_unref(tree->files);
	g_free(tree);
}

/* The path of the file if it is in the tree: g_free(). */
static char *resolve(const struct source_tree *tree, const char *end_of_path)
{
	g_autofree char *path = g_build_filename(tree->folder, end_of_path, NULL);
	g_autofree char *real = realpath(path, NULL);
	size_t length = strlen(tree->folder);
	struct stat info;

	if (!real || strncmp(real, tree->folder, length) != 0 ||
	    (real[length] != '/' && length > 1) || stat(real, &info) < 0 ||
	    !S_ISREG(info.st_mode) || info.st_size > MAX_FILE_BYTES)
		return NULL;
	return g_steal_pointer(&real);
}

/* Tries the suffixes of "fs/read_write.c", longest first: fs/read_write.c, read_write.c. */
static char **read_lines(const struct source_tree *tree, const char *file)
{
	for (const char *end = file; end; end = strchr(end, '/')) {
		g_autofree char *path = NULL;
		g_autofree char *text = NULL;

		end += *end == '/';
		path = *end ? resolve(tree, end) : NULL;
		if (path && g_file_get_contents(path, &text, NULL, NULL))
			return g_strsplit(text, "\n", -1);
	}
	return NULL;
}

static char **lines_of(struct source_tree *tree, const char *file)
{
	void *lines = NULL;

	if (g_hash_table_lookup_extended(tree->files, file, NULL, &lines))
		return lines;
	if (g_hash_table_size(tree->files) >= MAX_FILES)
		return NULL;
	lines = read_lines(tree, file);
	g_hash_table_insert(tree->files, g_strdup(file), lines);
	return lines;
}

static void add_line(JsonArray *array, int number, const char *text)
{
	g_autofree char *shown = g_utf8_make_valid(text, (gssize)strnlen(text, MAX_LINE_BYTES));
	JsonObject *line = json_object_new();

	json_object_set_int_member(line, "line", number);
	json_object_set_string_member(line, "text", shown);
	json_array_add_object_element(array, line);
}

JsonArray *source_tree_around(struct source_tree *tree, const char *file, int line)
{
	char **lines = lines_of(tree, file);
	int count = lines ? (int)MIN(g_strv_length(lines), G_MAXINT) : 0;
	JsonArray *array;

	if (line < 1 || line > count)
		return NULL;
	array = json_array_new();
	for (int i = MAX(line - LINES_BEFORE, 1); i <= MIN(line + LINES_AFTER, count); i++)
		add_line(array, i, lines[i - 1]);
	return array;
}
