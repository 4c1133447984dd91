/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/vmcore.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static bool check_space(const char *path, const struct layout *layout, uint64_t free_space_floor,
			GError **error)
{
	uint64_t needed = free_space_floor;
	struct statvfs status;

	/* Compressed it will be less; how much less is not known before. */
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

bool vmcore_write(virDomainPtr domain, struct store *store, const char *id,
		  const struct layout *layout, uint64_t free_space_floor, GError **error)
{
	g_autoptr(StoreEntry) entry = store_find(store, id, error);
	g_autofree char *partial = NULL;
	g_autofree char *path = NULL;
	int state = VIR_DOMAIN_NOSTATE;
	unsigned int flags = VIR_DUMP_MEMORY_ONLY;

	if (entry == NULL || !check_space(entry->path, layout, free_space_floor, error))
		return false;
	partial = g_build_filename(entry->path, ".vmcore", NULL);
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
	return true;
}
