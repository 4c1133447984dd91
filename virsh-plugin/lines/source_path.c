/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source_path.h"

#include <glib.h>
#include <string.h>

/* The number of bytes of @path that are folders shared with @directory, including the slash. */
static size_t common_folders(const char *path, const char *directory)
{
	size_t common = 0;
	size_t i = 0;

	while (path[i] && path[i] == directory[i]) {
		i++;
		if (path[i - 1] == '/')
			common = i;
	}
	/* The whole directory. */
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
	/* A relative name stays relative. */
	return g_strdup(g_path_is_absolute(file) ? path : path + 1);
}
