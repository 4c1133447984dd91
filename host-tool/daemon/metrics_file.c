/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/metrics_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_MODE 0755
#define FILE_MODE 0644

static bool set_error(GError **error, const char *what, const char *path)
{
	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s %s: %s", what, path,
		    g_strerror(errno));
	return false;
}

bool metrics_file_make_folder(const char *path, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(path);

	if (mkdir(folder, FOLDER_MODE) < 0 && errno != EEXIST)
		return set_error(error, "creating", folder);
	if (chmod(folder, FOLDER_MODE) < 0)
		return set_error(error, "making readable", folder);
	return true;
}

static bool write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t written = write(fd, text, left);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		text += written;
		left -= (size_t)written;
	}
	return true;
}

/* Some file systems report a full disk only at close(). */
static bool fill(int fd, const char *text)
{
	bool filled = write_all(fd, text) && fchmod(fd, FILE_MODE) == 0;
	int code = errno;

	if (close(fd) < 0 && filled)
		return false;
	errno = code;
	return filled;
}

static char *hidden_name(const char *path)
{
	g_autofree char *folder = g_path_get_dirname(path);
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *hidden = g_strconcat(".", name, ".new", NULL);

	return g_build_filename(folder, hidden, NULL);
}

bool metrics_file_write(const char *path, const char *text, GError **error)
{
	g_autofree char *hidden = hidden_name(path);
	int fd;

	/*
	 * A killed daemon may have left this file. The new file does not follow a symbolic link
	 * there.
	 */
	unlink(hidden);
	fd = open(hidden, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return set_error(error, "writing", path);
	if (fill(fd, text) && rename(hidden, path) == 0)
		return true;
	set_error(error, "writing", path);
	unlink(hidden);
	return false;
}
