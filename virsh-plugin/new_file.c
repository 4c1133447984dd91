/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Into its place without replacing anything, unless it may. */
static bool publish(const char *temporary, const char *path, bool replace, GError **error)
{
	int result = replace ? rename(temporary, path) : link(temporary, path);

	if (result == 0)
		return true;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot write %s: %s%s", path,
		    g_strerror(errno), errno == EEXIST ? "\n--force replaces it" : "");
	return false;
}

bool new_file_write(const char *path, bool replace,
		    bool (*write)(int fd, void *data, GError **error), void *data, GError **error)
{
	g_autofree char *temporary = NULL;
	bool good;
	int fd;

	if (strcmp(path, "-") == 0)
		return write(STDOUT_FILENO, data, error);
	temporary = g_strconcat(path, ".XXXXXX", NULL);
	fd = g_mkstemp_full(temporary, O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot write %s: %s", path,
			    g_strerror(errno));
		return false;
	}
	good = write(fd, data, error);
	if (good && fsync(fd) < 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot write %s: %s", path,
			    g_strerror(errno));
		good = false;
	} else if (!good) {
		g_prefix_error(error, "cannot write %s: ", path);
	}
	close(fd);
	good = good && publish(temporary, path, replace, error);
	unlink(temporary);
	return good;
}
