/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/store_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/store.h"

#define BLOCK_SIZE 512 /* the unit of st_blocks, for any file system */

typedef DIR Dir;
static void close_dir(DIR *dir)
{
	closedir(dir);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Dir, close_dir)

void store_directory_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

int store_directory_open(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool is_entry(const char *name)
{
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

GPtrArray *store_directory_names(int fd, bool (*wanted)(const char *name))
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(Dir) dir = NULL;
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;

	if (copy < 0)
		return NULL;
	dir = fdopendir(copy);
	if (!dir) {
		close(copy);
		return NULL;
	}
	while ((errno = 0, entry = readdir(dir))) {
		if (is_entry(entry->d_name) && (!wanted || wanted(entry->d_name)))
			g_ptr_array_add(names, g_strdup(entry->d_name));
	}
	return errno ? NULL : g_steal_pointer(&names);
}

uint64_t store_directory_size(int fd)
{
	g_autoptr(GPtrArray) names = store_directory_names(fd, NULL);
	uint64_t size = 0;

	for (guint i = 0; names && i < names->len; i++) {
		struct stat info;

		if (fstatat(fd, names->pdata[i], &info, AT_SYMLINK_NOFOLLOW) == 0)
			size += (uint64_t)info.st_blocks * BLOCK_SIZE;
	}
	return size;
}

bool store_directory_is_none(int code)
{
	return code == ENOENT || code == ENOTDIR || code == ELOOP;
}

bool store_directory_remove(int parent, const char *name, const char *path, GError **error)
{
	g_auto(Descriptor) fd = store_directory_open(parent, name);
	g_autoptr(GPtrArray) names = fd < 0 ? NULL : store_directory_names(fd, NULL);

	for (guint i = 0; names && i < names->len; i++)
		unlinkat(fd, names->pdata[i], 0);
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return true;
	store_set_errno(error, "cannot remove %s", path);
	return false;
}

void store_set_errno(GError **error, const char *format, ...)
{
	int code = errno;
	enum store_error kind = STORE_ERROR_IO;
	g_autofree char *what = NULL;
	va_list arguments;

	if (code == EACCES || code == EPERM || code == EROFS)
		kind = STORE_ERROR_DENIED;
	else if (code == ENOSPC || code == EDQUOT)
		kind = STORE_ERROR_FULL;
	else if (code == ENOENT)
		kind = STORE_ERROR_NOT_FOUND;
	va_start(arguments, format);
	what = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, STORE_ERROR, kind, "%s: %s", what, g_strerror(code));
}
