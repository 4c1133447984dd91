/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/vmcore.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* The name of a full dump until it is complete. */
#define UNFINISHED ".vmcore"

static bool check_space(const char *path, const struct layout *layout, uint64_t free_space_floor,
			GError **error)
{
	uint64_t needed = free_space_floor;
	struct statvfs status;

	/* Compression will make it smaller, by an unknown amount. */
	for (guint i = 0; i < layout->extents->len; i++)
		needed += g_array_index(layout->extents, struct guest_extent, i).length;
	if (statvfs(path, &status) < 0) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
			    "free space of %s: %s", path, g_strerror(errno));
		return false;
	}
	if ((uint64_t)status.f_bavail * status.f_frsize >= needed)
		return true;
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC,
		    "it may need %" G_GUINT64_FORMAT " MiB free in %s", needed >> 20, path);
	return false;
}

/* The first dump of the domain with an unfinished file: its path, g_free(), or NULL. */
static char *find_unfinished(const char *root, const char *uuid)
{
	g_autofree char *directory = g_build_filename(root, uuid, NULL);
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	const char *id;

	while (dir && (id = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(directory, id, UNFINISHED, NULL);

		if (access(path, F_OK) == 0)
			return g_steal_pointer(&path);
	}
	return NULL;
}

bool vmcore_is_unfinished(const char *root, const char *uuid)
{
	g_autofree char *path = find_unfinished(root, uuid);

	return path != NULL;
}

void vmcore_remove_unfinished(const char *root, const char *uuid)
{
	g_autofree char *path = find_unfinished(root, uuid);

	while (path && unlink(path) == 0) {
		g_free(path);
		path = find_unfinished(root, uuid);
	}
}

bool vmcore_write(virDomainPtr domain, struct store *store, const char *id,
		  const struct layout *layout, uint64_t free_space_floor, GError **error)
{
	g_autoptr(StoreEntry) entry = store_find(store, id, error);
	g_autofree char *partial = NULL;
	g_autofree char *path = NULL;
	char uuid[VIR_UUID_STRING_BUFLEN];
	int state = VIR_DOMAIN_NOSTATE;
	unsigned int flags = VIR_DUMP_MEMORY_ONLY;

	if (entry == NULL || !check_space(entry->path, layout, free_space_floor, error))
		return false;
	if (virDomainGetUUIDString(domain, uuid) == 0)
		vmcore_remove_unfinished(store_root(store), uuid);
	partial = g_build_filename(entry->path, UNFINISHED, NULL);
	path = g_build_filename(entry->path, "vmcore", NULL);
	if (virDomainGetState(domain, &state, NULL, 0) == 0 && state == VIR_DOMAIN_RUNNING)
		flags |= VIR_DUMP_LIVE;
	if (virDomainCoreDumpWithFormat(domain, partial, VIR_DOMAIN_CORE_DUMP_FORMAT_KDUMP_ZLIB,
					flags) < 0) {
		virt_fail(error, "dumping the guest's memory to %s", partial);
		unlink(partial);
		return false;
	}
	if (chmod(partial, 0600) < 0 || rename(partial, path) < 0) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "keeping %s: %s",
			    path, g_strerror(errno));
		unlink(partial);
		return false;
	}
	store_entry_touch(entry);
	return true;
}
