/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/store_use.h"

#include <sys/statvfs.h>

bool store_use_read(struct store *store, struct store_use *use, GError **error)
{
	g_autoptr(GError) cause = NULL;
	g_autoptr(GPtrArray) entries = NULL;
	struct statvfs fs;

	*use = (struct store_use){.free_known = statvfs(store_root(store), &fs) == 0};
	if (use->free_known)
		use->free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	entries = store_list(store, NULL, &cause);
	if (entries == NULL) {
		if (g_error_matches(cause, STORE_ERROR, STORE_ERROR_NOT_FOUND))
			return true;
		g_propagate_error(error, g_steal_pointer(&cause));
		return false;
	}
	use->dumps = entries->len;
	for (guint i = 0; i < entries->len; i++)
		use->bytes += store_entry_size(entries->pdata[i]);
	return true;
}
