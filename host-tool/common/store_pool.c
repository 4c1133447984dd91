/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/store_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/json_build.h"
#include "common/store_directory.h"
#include "common/store_repeats.h"

#define REPORT "report.json"
#define UNFINISHED ".new-" STORE_REPEATS_FILE

/* What the folder has of a dump. */
struct copy {
	struct store_entry *entry; /* the dump as it is now; another entry: the dump has changed */
	char *json;		   /* its object in the index */
	GPtrArray *links;	   /* names of files */
	bool complete;		   /* all files of the entry are linked */
	bool changed;		   /* since the last fill */
	guint64 fill;		   /* the last with this dump */
};

struct store_pool {
	char *path;
	GMutex mutex; /* for the following, and with the file lock for the folder */
	int lock;
	GHashTable *copies; /* id -> struct copy */
	struct stat after;  /* the folder after the last fill */
	guint64 fills;
};

static void copy_free(void *data)
{
	struct copy *copy = data;

	store_entry_free(copy->entry);
	g_free(copy->json);
	g_ptr_array_unref(copy->links);
	g_free(copy);
}

struct store_pool *store_pool_new(const char *root)
{
	struct store_pool *pool = g_new0(struct store_pool, 1);

	pool->path = g_build_filename(root, STORE_POOL_DIRECTORY, NULL);
	g_mutex_init(&pool->mutex);
	pool->copies = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, copy_free);
	return pool;
}

void store_pool_free(struct store_pool *pool)
{
	if (!pool)
		return;
	g_hash_table_unref(pool->copies);
	g_mutex_clear(&pool->mutex);
	g_free(pool->path);
	g_free(pool);
}

static bool lock_folder(struct store_pool *pool)
{
	if (mkdir(pool->path, 0700) < 0 && errno != EEXIST)
		return false;
	pool->lock = open(pool->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	while (pool->lock >= 0 && flock(pool->lock, LOCK_EX) < 0) {
		if (errno != EINTR) {
			close(pool->lock);
			return false;
		}
	}
	return pool->lock >= 0;
}

bool store_pool_lock(struct store_pool *pool)
{
	g_mutex_lock(&pool->mutex);
	if (lock_folder(pool))
		return true;
	g_mutex_unlock(&pool->mutex);
	return false;
}

void store_pool_unlock(struct store_pool *pool)
{
	close(pool->lock);
	g_mutex_unlock(&pool->mutex);
}

/* --- links --- */

static char *link_name(const struct copy *copy, const char *file)
{
	return g_strconcat(copy->entry->id, ".", file, NULL);
}

static bool has_link(const struct copy *copy, const char *name)
{
	return g_ptr_array_find_with_equal_func(copy->links, name, g_str_equal, NULL);
}

/* Keeps an existing link. */
static bool link_file(const struct store_pool *pool, struct copy *copy, const char *file)
{
	g_autofree char *name = link_name(copy, file);
	g_autofree char *from = g_build_filename(copy->entry->path, file, NULL);
	g_autofree char *to = g_build_filename(pool->path, name, NULL);

	if (link(from, to) < 0 && errno != EEXIST)
		return false;
	if (!has_link(copy, name))
		g_ptr_array_add(copy->links, g_steal_pointer(&name));
	return true;
}

static bool is_linked_early(const char *name)
{
	return name[0] != '.' && strcmp(name, REPORT) != 0;
}

/* Links the report last: if its link exists, so do the others. */
static bool link_files(const struct store_pool *pool, struct copy *copy)
{
	g_auto(Descriptor) dump = store_directory_open(AT_FDCWD, copy->entry->path);
	g_autoptr(GPtrArray) names = dump < 0 ? NULL : store_directory_names(dump, is_linked_early);

	if (!names)
		return false;
	for (guint i = 0; i < names->len; i++)
		if (!link_file(pool, copy, names->pdata[i]))
			return false;
	return link_file(pool, copy, REPORT);
}

/* Links the only file of a dump that gets replaced by a new file. */
static void link_repeats(const struct store_pool *pool, const struct copy *copy)
{
	g_autofree char *name = link_name(copy, STORE_REPEATS_FILE);
	g_autofree char *from = g_build_filename(copy->entry->path, STORE_REPEATS_FILE, NULL);
	g_autofree char *to = g_build_filename(pool->path, name, NULL);
	g_autofree char *unfinished = g_build_filename(pool->path, UNFINISHED, NULL);
	struct stat is, was;

	if (stat(from, &is) < 0 || (stat(to, &was) == 0 && is.st_ino == was.st_ino))
		return;
	unlink(unfinished);
	if (link(from, unfinished) == 0)
		rename(unfinished, to);
}

static void unlink_in(const struct store_pool *pool, const char *name)
{
	g_autofree char *path = g_build_filename(pool->path, name, NULL);

	unlink(path);
}

/* A full dump may be added later. */
static bool is_complete(const struct copy *copy)
{
	g_autofree char *report = link_name(copy, REPORT);
	g_autofree char *vmcore = link_name(copy, "vmcore");

	return has_link(copy, report) && (!copy->entry->vmcore || has_link(copy, vmcore));
}

static void take_link(struct store_pool *pool, const char *name)
{
	g_autofree char *id = g_strndup(name, strcspn(name, "."));
	struct copy *copy = g_hash_table_lookup(pool->copies, id);

	if (copy)
		g_ptr_array_add(copy->links, g_strdup(name));
	else if (strcmp(name, STORE_POOL_INDEX) != 0)
		unlink_in(pool, name);
}

/* Reads which links there are, and removes those of no dump. False: the folder cannot be read. */
static bool sweep(struct store_pool *pool)
{
	g_autoptr(GPtrArray) names = store_directory_names(pool->lock, NULL);
	GHashTableIter iter;
	void *copy;

	if (!names)
		return false;
	g_hash_table_iter_init(&iter, pool->copies);
	while (g_hash_table_iter_next(&iter, NULL, &copy))
		g_ptr_array_set_size(((struct copy *)copy)->links, 0);
	for (guint i = 0; i < names->len; i++)
		take_link(pool, names->pdata[i]);
	g_hash_table_iter_init(&iter, pool->copies);
	while (g_hash_table_iter_next(&iter, NULL, &copy))
		((struct copy *)copy)->complete = is_complete(copy);
	return true;
}

static bool is_as_left(const struct store_pool *pool)
{
	const struct stat *after = &pool->after;
	struct stat info;

	return fstat(pool->lock, &info) == 0 && info.st_dev == after->st_dev &&
	       info.st_ino == after->st_ino && info.st_mtim.tv_sec == after->st_mtim.tv_sec &&
	       info.st_mtim.tv_nsec == after->st_mtim.tv_nsec;
}

/* --- the index --- */

static char *render(const struct store_entry *entry)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(JsonNode) root = NULL;

	json_builder_begin_object(builder);
	json_build_string(builder, "id", entry->id);
	json_build_string(builder, "domain", entry->domain);
	json_build_string(builder, "uuid", entry->uuid);
	json_build_string(builder, "title", entry->title);
	json_build_string(builder, "signalled", entry->signalled);
	json_build_string(builder, "signal", entry->signal);
	json_build_string(builder, "incident", entry->incident);
	json_build_string(builder, "fingerprint", entry->fingerprint);
	json_build_string(builder, "release", entry->release);
	json_build_boolean(builder, "vmcore", entry->vmcore);
	json_build_integer(builder, "repeats", entry->repeats);
	json_build_string(builder, "repeated", entry->repeated);
	json_builder_end_object(builder);
	root = json_builder_get_root(builder);
	return json_to_string(root, FALSE);
}

static void write_index(const struct store_pool *pool, const GPtrArray *copies)
{
	g_autofree char *path = g_build_filename(pool->path, STORE_POOL_INDEX, NULL);
	g_autoptr(GString) text = g_string_new("[");

	for (guint i = 0; i < copies->len; i++) {
		if (i > 0)
			g_string_append_c(text, ',');
		g_string_append(text, ((const struct copy *)copies->pdata[i])->json);
	}
	g_string_append_c(text, ']');
	g_file_set_contents_full(path, text->str, (gssize)text->len, G_FILE_SET_CONTENTS_CONSISTENT,
				 0600, NULL);
}

/* --- */

static void set_entry(struct store_pool *pool, struct copy *copy, struct store_entry *entry)
{
	struct store_entry *before = copy->entry;

	g_free(copy->json);
	copy->entry = store_entry_ref(entry);
	copy->json = render(entry);
	copy->complete = is_complete(copy);
	copy->changed = true;
	/* The key is part of the entry. */
	g_hash_table_steal(pool->copies, entry->id);
	g_hash_table_insert(pool->copies, copy->entry->id, copy);
	store_entry_free(before);
}

static struct copy *get_copy(struct store_pool *pool, struct store_entry *entry)
{
	struct copy *copy = g_hash_table_lookup(pool->copies, entry->id);

	if (!copy) {
		copy = g_new0(struct copy, 1);
		copy->links = g_ptr_array_new_with_free_func(g_free);
	}
	if (copy->entry != entry)
		set_entry(pool, copy, entry);
	return copy;
}

/* Forgets the dumps that are gone, and removes their links. */
static void drop_gone(struct store_pool *pool)
{
	GHashTableIter iter;
	void *data;

	g_hash_table_iter_init(&iter, pool->copies);
	while (g_hash_table_iter_next(&iter, NULL, &data)) {
		const struct copy *copy = data;

		if (copy->fill == pool->fills)
			continue;
		for (guint i = 0; i < copy->links->len; i++)
			unlink_in(pool, copy->links->pdata[i]);
		g_hash_table_iter_remove(&iter);
	}
}

static void link_copy(const struct store_pool *pool, struct copy *copy)
{
	if (!copy->complete)
		copy->complete = link_files(pool, copy);
	if (copy->changed && copy->entry->repeats)
		link_repeats(pool, copy);
	copy->changed = false;
}

void store_pool_fill(struct store_pool *pool, const GPtrArray *entries)
{
	g_autoptr(GPtrArray) copies = g_ptr_array_sized_new(entries->len);
	bool is_known;

	pool->fills++;
	for (guint i = 0; i < entries->len; i++) {
		struct copy *copy = get_copy(pool, entries->pdata[i]);

		/* A dump that was copied by hand has the id of the first one. */
		if (copy->fill == pool->fills)
			continue;
		copy->fill = pool->fills;
		g_ptr_array_add(copies, copy);
	}
	is_known = is_as_left(pool);
	drop_gone(pool);
	if (!is_known)
		is_known = sweep(pool);
	for (guint i = 0; i < copies->len; i++)
		link_copy(pool, copies->pdata[i]);
	write_index(pool, copies);
	if (!is_known || fstat(pool->lock, &pool->after) < 0)
		pool->after = (struct stat){0};
}
