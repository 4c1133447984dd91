/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/store_cache.h"

#include <fcntl.h>
#include <sys/stat.h>

/* The number of dumps in the cache, a few hundred bytes each; beyond it some are read again. */
#define MAX_KNOWN 65536

struct store_cache {
	GMutex mutex;
	GHashTable *known; /* path of a dump -> struct known */
};

struct known {
	struct stat report; /* of report.json */
	struct store_entry *entry;
};

static void known_free(void *data)
{
	struct known *known = data;

	store_entry_free(known->entry);
	g_free(known);
}

struct store_cache *store_cache_new(void)
{
	struct store_cache *cache = g_new0(struct store_cache, 1);

	g_mutex_init(&cache->mutex);
	cache->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, known_free);
	return cache;
}

void store_cache_free(struct store_cache *cache)
{
	if (!cache)
		return;
	g_hash_table_unref(cache->known);
	g_mutex_clear(&cache->mutex);
	g_free(cache);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static struct store_entry *look_up(struct store_cache *cache, const char *path,
				   const struct stat *report)
{
	struct store_entry *entry = NULL;
	const struct known *known;

	g_mutex_lock(&cache->mutex);
	known = g_hash_table_lookup(cache->known, path);
	if (known && is_same_file(&known->report, report))
		entry = store_entry_copy(known->entry);
	g_mutex_unlock(&cache->mutex);
	return entry;
}

static void remember(struct store_cache *cache, const struct stat *report,
		     const struct store_entry *entry)
{
	struct known *known = g_new0(struct known, 1);

	known->report = *report;
	known->entry = store_entry_copy(entry);
	g_mutex_lock(&cache->mutex);
	if (g_hash_table_size(cache->known) >= MAX_KNOWN)
		g_hash_table_remove_all(cache->known);
	g_hash_table_replace(cache->known, g_strdup(entry->path), known);
	g_mutex_unlock(&cache->mutex);
}

struct store_entry *store_cache_read(struct store_cache *cache, const char *root, int domain,
				     const char *directory, const char *id)
{
	g_autofree char *path = g_build_filename(root, directory, id, NULL);
	g_autofree char *report_name = g_build_filename(id, "report.json", NULL);
	struct store_entry *entry;
	struct stat report;

	/* A dump without a report is not cached. */
	if (fstatat(domain, report_name, &report, AT_SYMLINK_NOFOLLOW) < 0)
		return store_entry_read(root, domain, directory, id);
	entry = look_up(cache, path, &report);
	if (entry) {
		store_entry_look_for_more(entry, domain);
		return entry;
	}
	entry = store_entry_read(root, domain, directory, id);
	if (entry)
		remember(cache, &report, entry);
	return entry;
}
