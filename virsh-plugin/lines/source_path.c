/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source_path.h"

#include <glib.h>
#include <string.h>

/* How many bytes of @path are folders that @directory has, too; with the slash behind them. */
static size_t common_folders(const char *path, const char *directory)
{
	size_t common = 0;
	size_t i = 0;

	while (path[i] && path[i] == directory[i]) {
		i++;
		if (path[i - 1] == '/')
			common = i;
	}
	/* All of it. */
	if (path[i] == '/' && directory[i] == '\0')
		common = i + 1;
	return common;
}

char *source_path(const char *file, const char *directory)
{
	/* ".." does not lead out of the root directory. */
	g_autofree char *path = g_canonicalize_filename(file, "/");
	g_autofree char *folder = g_canonicalize_filename(directory ? directory : "/", "/");
	size_t common = common_folders(path, folder);

	if (common > 1)
		return g_strdup(path + common);
	/* It was relative: so is what is shown. */
	return g_strdup(g_path_is_absolute(file) ? path : path + 1);
}
