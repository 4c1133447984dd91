/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/status.h"

char *runtime_directory(void)
{
	const char *directory = secure_getenv("OOPSBT_RUNTIME_DIRECTORY");

	if (directory == NULL)
		directory = secure_getenv("RUNTIME_DIRECTORY");
	if (directory == NULL)
		directory = DEFAULT_RUNTIME_DIRECTORY;
	/* systemd lists all runtime directories of the unit; the first one is oopsbt's. */
	return g_strndup(directory, strcspn(directory, ":"));
}

char *runtime_metrics_file(void)
{
	g_autofree char *directory = runtime_directory();

	return g_strconcat(directory, "-metrics/oopsbt.prom", NULL);
}

static bool fail_at_path(GError **error, const char *what, const char *path)
{
	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s %s: %s%s", what, path,
		    g_strerror(errno), errno == EACCES ? " (oopsbtd must run as root)" : "");
	return false;
}

bool runtime_claim(const char *directory, GError **error)
{
	g_autofree char *path = g_build_filename(directory, "lock", NULL);
	struct stat status;
	int fd;

	if (g_mkdir_with_parents(directory, 0700) < 0 || lstat(directory, &status) < 0)
		return fail_at_path(error, "creating", directory);
	if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() ||
	    (status.st_mode & (S_IWGRP | S_IWOTH))) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_PERM,
			    "%s must be a directory of this user that nobody else can write to",
			    directory);
		return false;
	}
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail_at_path(error, "opening", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return true; /* the process holds the lock until it ends */
	close(fd);
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
		    "another oopsbtd is running already (it holds %s)", path);
	return false;
}

void runtime_remove(const char *directory, const char *name)
{
	g_autofree char *path = g_build_filename(directory, name, NULL);

	unlink(path);
}
