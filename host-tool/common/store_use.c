/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/store_use.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>

#include "common/store_directory.h"
#include "common/store_domain.h"
#include "common/store_id.h"
#include "common/store_pool.h"

static void count_dump(int domain, const char *id, struct store_use *use)
{
	g_auto(Descriptor) dump = store_directory_open(domain, id);

	/* The dump may have been removed meanwhile. */
	if (dump < 0)
		return;
	use->dumps++;
	use->bytes += store_directory_size(dump);
}

static void count_domain(int root, const char *name, struct store_use *use)
{
	g_auto(Descriptor) domain = store_directory_open(root, name);
	g_autoptr(GPtrArray) ids = NULL;

	/* A directory that a link leads to is counted under its own name. */
	if (domain >= 0)
		ids = store_directory_names(domain, store_id_is_valid);
	for (guint i = 0; ids && i < ids->len; i++)
		count_dump(domain, ids->pdata[i], use);
}

static bool count(const char *path, struct store_use *use, GError **error)
{
	g_auto(Descriptor) root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	g_autoptr(GPtrArray) domains = NULL;

	use->dumps = use->bytes = 0;
	if (root < 0 && errno == ENOENT)
		return true;
	if (root >= 0)
		domains = store_directory_names(root, store_domain_is_directory);
	if (domains == NULL) {
		store_set_errno(error, "cannot read the dump directory %s", path);
		return false;
	}
	for (guint i = 0; i < domains->len; i++)
		count_domain(root, domains->pdata[i], use);
	return true;
}

static bool is_same_index(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

bool store_use_update(const struct store *store, struct store_use *use, GError **error)
{
	g_autofree char *path =
		g_build_filename(store_root(store), STORE_POOL_DIRECTORY, STORE_POOL_INDEX, NULL);
	struct stat index = {0};
	struct statvfs fs;

	use->free_known = statvfs(store_root(store), &fs) == 0;
	if (use->free_known)
		use->free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	/* Read first: a change while the dumps are counted leads to a new count next time. */
	if (stat(path, &index) == 0 && is_same_index(&index, &use->index))
		return true;
	if (!count(store_root(store), use, error))
		return false;
	use->index = index;
	return true;
}
