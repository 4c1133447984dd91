/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/store_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/store_repeats.h"

#define REPORT "report.json"
#define UNFINISHED ".new-" STORE_REPEATS_FILE

static char *pool_path(const char *root)
{
	return g_build_filename(root, STORE_POOL_DIRECTORY, NULL);
}

static char *link_name(const struct store_entry *entry, const char *file)
{
	return g_strconcat(entry->id, ".", file, NULL);
}

/* Keeps an existing link. */
static bool link_file(const char *pool, const struct store_entry *entry, const char *file)
{
	g_autofree char *name = link_name(entry, file);
	g_autofree char *from = g_build_filename(entry->path, file, NULL);
	g_autofree char *to = g_build_filename(pool, name, NULL);

	return link(from, to) == 0 || errno == EEXIST;
}

/* Links the report last: if its link exists, so do the others. */
static void link_files(const char *pool, const struct store_entry *entry)
{
	g_autoptr(GDir) dir = g_dir_open(entry->path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		if (*name != '.' && strcmp(name, REPORT) != 0 && !link_file(pool, entry, name))
			return;
	link_file(pool, entry, REPORT);
}

/* Links the only file of a dump that gets replaced by a new file. */
static void link_repeats(const char *pool, const struct store_entry *entry)
{
	g_autofree char *name = link_name(entry, STORE_REPEATS_FILE);
	g_autofree char *from = g_build_filename(entry->path, STORE_REPEATS_FILE, NULL);
	g_autofree char *to = g_build_filename(pool, name, NULL);
	g_autofree char *unfinished = g_build_filename(pool, UNFINISHED, NULL);
	struct stat is, was;

	if (stat(from, &is) < 0 || (stat(to, &was) == 0 && is.st_ino == was.st_ino))
		return;
	unlink(unfinished);
	if (link(from, unfinished) == 0)
		rename(unfinished, to);
}

/* Returns the names in the pool. Removes those of dumps that are not in @ids. */
static GHashTable *sweep(const char *pool, GHashTable *ids)
{
	GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GDir) dir = g_dir_open(pool, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *id = g_strndup(name, strcspn(name, "."));
		g_autofree char *path = g_build_filename(pool, name, NULL);

		if (g_hash_table_contains(ids, id))
			g_hash_table_add(names, g_strdup(name));
		else if (strcmp(name, STORE_POOL_INDEX) != 0)
			unlink(path);
	}
	return names;
}

/* A full dump may be added later. */
static bool is_linked(GHashTable *names, const struct store_entry *entry)
{
	g_autofree char *report = link_name(entry, REPORT);
	g_autofree char *vmcore = link_name(entry, "vmcore");

	return g_hash_table_contains(names, report) &&
	       (!entry->vmcore || g_hash_table_contains(names, vmcore));
}

static void add_string(JsonBuilder *builder, const char *name, const char *value)
{
	json_builder_set_member_name(builder, name);
	if (value)
		json_builder_add_string_value(builder, value);
	else
		json_builder_add_null_value(builder);
}

static void write_index(const char *pool, const GPtrArray *entries)
{
	g_autofree char *path = g_build_filename(pool, STORE_POOL_INDEX, NULL);
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(JsonNode) root = NULL;
	g_autofree char *text = NULL;

	json_builder_begin_array(builder);
	for (guint i = 0; i < entries->len; i++) {
		const struct store_entry *entry = entries->pdata[i];

		json_builder_begin_object(builder);
		add_string(builder, "id", entry->id);
		add_string(builder, "domain", entry->domain);
		add_string(builder, "uuid", entry->uuid);
		add_string(builder, "title", entry->title);
		add_string(builder, "signalled", entry->signalled);
		add_string(builder, "signal", entry->signal);
		add_string(builder, "incident", entry->incident);
		add_string(builder, "fingerprint", entry->fingerprint);
		add_string(builder, "release", entry->release);
		json_builder_set_member_name(builder, "vmcore");
		json_builder_add_boolean_value(builder, entry->vmcore);
		json_builder_set_member_name(builder, "repeats");
		json_builder_add_int_value(builder, (gint64)entry->repeats);
		add_string(builder, "repeated", entry->repeated);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	root = json_builder_get_root(builder);
	text = json_to_string(root, FALSE);
	g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL);
}

int store_pool_lock(const char *root)
{
	g_autofree char *pool = pool_path(root);
	int fd;

	if (mkdir(pool, 0700) < 0 && errno != EEXIST)
		return -1;
	fd = open(pool, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	while (fd >= 0 && flock(fd, LOCK_EX) < 0) {
		if (errno != EINTR) {
			close(fd);
			return -1;
		}
	}
	return fd;
}

void store_pool_unlock(int lock)
{
	close(lock);
}

void store_pool_fill(const char *root, const GPtrArray *entries)
{
	g_autofree char *pool = pool_path(root);
	g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) names = NULL;

	for (guint i = 0; i < entries->len; i++)
		g_hash_table_add(ids, ((struct store_entry *)entries->pdata[i])->id);
	names = sweep(pool, ids);
	for (guint i = 0; i < entries->len; i++)
		if (!is_linked(names, entries->pdata[i]))
			link_files(pool, entries->pdata[i]);
	for (guint i = 0; i < entries->len; i++)
		if (((const struct store_entry *)entries->pdata[i])->repeats)
			link_repeats(pool, entries->pdata[i]);
	write_index(pool, entries);
}
