/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/store_quota.h"

#include <sys/statvfs.h>

#include "common/store_id.h"
#include "common/store_keep.h"

struct cleaner {
	struct store *store;
	GPtrArray *dumps; /* of struct store_entry *, oldest first */
	store_removed_fn removed;
	void *user_data;
};

static struct store_entry *dump_at(const struct cleaner *cleaner, guint i)
{
	return cleaner->dumps->pdata[i];
}

static uint64_t use(const struct cleaner *cleaner)
{
	uint64_t sum = 0;

	for (guint i = 0; i < cleaner->dumps->len; i++)
		sum += store_entry_size(dump_at(cleaner, i));
	return sum;
}

static bool drop(struct cleaner *cleaner, guint i, const char *why, GError **error)
{
	const struct store_entry *entry = dump_at(cleaner, i);

	if (!store_remove(cleaner->store, entry, error))
		return false;
	cleaner->removed(entry, why, cleaner->user_data);
	g_ptr_array_remove_index(cleaner->dumps, i);
	return true;
}

static const char *domain_of(const struct store_entry *entry)
{
	return entry->uuid ? entry->uuid : entry->domain;
}

/* The domain that uses most space and has more than the newest dump. NULL: none. */
static const char *greediest(const struct cleaner *cleaner)
{
	g_autoptr(GHashTable) sizes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	const char *most = NULL;
	uint64_t most_size = 0;

	for (guint i = 0; i + 1 < cleaner->dumps->len; i++) {
		struct store_entry *dump = dump_at(cleaner, i);
		const char *domain = domain_of(dump);
		uint64_t *size = g_hash_table_lookup(sizes, domain);

		if (!size) {
			size = g_new0(uint64_t, 1);
			g_hash_table_insert(sizes, (void *)domain, size);
		}
		*size += store_entry_size(dump);
		if (!most || *size > most_size) {
			most = domain;
			most_size = *size;
		}
	}
	return most;
}

/* The dump to remove next; -1: only the newest is left. */
static int choose(const struct cleaner *cleaner)
{
	g_autoptr(GPtrArray) entries = g_ptr_array_new();
	g_autoptr(GArray) indices = g_array_new(FALSE, FALSE, sizeof(int));
	const char *domain = greediest(cleaner);
	int chosen;

	if (!domain)
		return -1;
	for (guint i = 0; i < cleaner->dumps->len; i++) {
		int index = (int)i;

		if (g_strcmp0(domain_of(dump_at(cleaner, i)), domain) != 0)
			continue;
		g_ptr_array_add(entries, dump_at(cleaner, i));
		g_array_append_val(indices, index);
	}
	chosen = store_keep_choose(entries);
	return g_array_index(indices, int, MAX(chosen, 0));
}

/* Removes dumps until @excess bytes are freed. */
static bool shrink(struct cleaner *cleaner, uint64_t excess, const char *why, GError **error)
{
	while (excess) {
		int i = choose(cleaner);
		uint64_t size;

		if (i < 0)
			return true;
		size = store_entry_size(dump_at(cleaner, (guint)i));
		if (!drop(cleaner, (guint)i, why, error))
			return false;
		excess -= MIN(excess, size);
	}
	return true;
}

static bool drop_old(struct cleaner *cleaner, unsigned int days, GError **error)
{
	g_autofree char *why = g_strdup_printf("it is older than %u days (max_age_days)", days);
	g_autofree char *oldest = store_id_of_days_ago(days);

	for (guint i = 0; days && i + 1 < cleaner->dumps->len;) {
		if (!store_id_is_earlier(dump_at(cleaner, i)->id, oldest))
			i++;
		else if (!drop(cleaner, i, why, error))
			return false;
	}
	return true;
}

/* The number of bytes missing to @keep_free. A missing store lacks none. */
static uint64_t lacking(const struct store *store, uint64_t keep_free)
{
	struct statvfs fs;
	uint64_t available;

	if (!keep_free || statvfs(store_root(store), &fs) < 0)
		return 0;
	available = (uint64_t)fs.f_bavail * fs.f_frsize;
	return keep_free > available ? keep_free - available : 0;
}

static bool clean(struct cleaner *cleaner, const struct store_quota *quota, uint64_t lack,
		  GError **error)
{
	g_autofree char *too_much = g_strdup_printf(
		"all dumps together take more than %" G_GUINT64_FORMAT " MiB (max_use_mib)",
		quota->max_use >> 20);
	g_autofree char *too_full = g_strdup_printf(
		"the file system has less than %" G_GUINT64_FORMAT " MiB free (keep_free_mib)",
		quota->keep_free >> 20);
	uint64_t before = use(cleaner), used;

	if (!drop_old(cleaner, quota->max_age_days, error))
		return false;
	used = use(cleaner);
	lack -= MIN(lack, before - used);
	before = used;
	if (quota->max_use && used > quota->max_use &&
	    !shrink(cleaner, used - quota->max_use, too_much, error))
		return false;
	lack -= MIN(lack, before - use(cleaner));
	return shrink(cleaner, lack, too_full, error);
}

bool store_enforce(struct store *store, const struct store_quota *quota, store_removed_fn removed,
		   void *user_data, GError **error)
{
	struct cleaner cleaner = {store, NULL, removed, user_data};
	uint64_t lack = lacking(store, quota->keep_free);
	g_autoptr(GPtrArray) dumps = NULL;
	guint before;
	bool done;

	if ((!quota->max_use && !quota->max_age_days && !lack) ||
	    !g_file_test(store_root(store), G_FILE_TEST_IS_DIR))
		return true;
	dumps = store_list(store, NULL, error);
	if (!dumps)
		return false;
	before = dumps->len;
	cleaner.dumps = dumps;
	done = clean(&cleaner, quota, lack, error);
	/* The storage pool's links would keep the space in use. */
	if (dumps->len < before)
		store_publish(store);
	return done;
}
