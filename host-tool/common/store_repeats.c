/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/store_repeats.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/read.h"
#include "common/json.h"
#include "common/json_head.h"
#include "common/store_directory.h"

#define SCHEMA 1
#define UNFINISHED ".repeats.new"
/* { "records": [ { } ] } */
#define MAX_DEPTH 3
/* "schema", "count" and "last" come first. */
#define HEAD_BYTES 256

static bool damaged(GError **error, const char *path, const char *why)
{
	g_set_error(error, STORE_ERROR, STORE_ERROR_DAMAGED, "%s/" STORE_REPEATS_FILE ": %s", path,
		    why);
	return false;
}

/* The file as it is; NULL without an error: there is none yet. */
static char *read_text(int dump, const char *path, size_t *length, GError **error)
{
	g_auto(Descriptor) fd =
		openat(dump, STORE_REPEATS_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	g_autofree char *text = NULL;
	struct stat info;

	if (fd < 0 && errno == ENOENT)
		return NULL;
	if (fd < 0 || fstat(fd, &info) < 0) {
		store_set_errno(error, "cannot read %s/" STORE_REPEATS_FILE, path);
		return NULL;
	}
	if (!S_ISREG(info.st_mode) || (uint64_t)info.st_size > STORE_REPEATS_MAX_BYTES) {
		damaged(error, path, "it is not a file of at most 1 MiB");
		return NULL;
	}
	text = g_malloc((size_t)info.st_size + 1);
	*length = read_at(fd, 0, text, (size_t)info.st_size);
	text[*length] = '\0';
	return g_steal_pointer(&text);
}

/* The records and their count; an empty array if there is no file. */
static JsonArray *read_records(int dump, const char *path, gint64 *count, GError **error)
{
	g_autoptr(GError) local = NULL;
	size_t length = 0;
	g_autofree char *text = read_text(dump, path, &length, &local);
	g_autoptr(JsonObject) object = NULL;
	JsonNode *records;

	*count = 0;
	if (text == NULL && local == NULL)
		return json_array_new();
	if (text)
		object = untrusted_json_parse(text, length, MAX_DEPTH, &local);
	if (object == NULL) {
		if (text)
			g_prefix_error(&local, "%s/" STORE_REPEATS_FILE ": ", path);
		g_propagate_error(error, g_steal_pointer(&local));
		return NULL;
	}
	records = json_object_get_member(object, "records");
	*count = json_object_get_int_member_with_default(object, "count", 0);
	if (records == NULL || !JSON_NODE_HOLDS_ARRAY(records) || *count < 1) {
		damaged(error, path, "it has no records");
		return NULL;
	}
	return json_array_ref(json_node_get_array(records));
}

static void set_string(JsonObject *object, const char *name, const char *value)
{
	if (value)
		json_object_set_string_member(object, name, value);
	else
		json_object_set_null_member(object, name);
}

static JsonObject *to_json(const struct store_repeat *repeat)
{
	JsonObject *object = json_object_new();

	set_string(object, "time", repeat->time);
	if (repeat->cpu.known)
		json_object_set_int_member(object, "cpu", repeat->cpu.value);
	else
		json_object_set_null_member(object, "cpu");
	set_string(object, "title", repeat->title);
	set_string(object, "signal", repeat->signal);
	set_string(object, "phase", repeat->phase);
	json_object_set_int_member(object, "not_collected", repeat->not_collected);
	return object;
}

/* The text of the file with these records. g_free(). */
static char *render(JsonArray *records, gint64 count, const char *last)
{
	g_autoptr(JsonObject) object = json_object_new();
	g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);

	json_object_set_int_member(object, "schema", SCHEMA);
	json_object_set_int_member(object, "count", count);
	set_string(object, "last", last);
	json_object_set_array_member(object, "records", json_array_ref(records));
	json_node_set_object(root, object);
	return json_to_string(root, FALSE);
}

static bool write_all(int fd, const char *text, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t put = write(fd, text + done, length - done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		done += (size_t)put;
	}
	return fsync(fd) == 0;
}

/* Replaces the file atomically. A temporary file of a killed writer is overwritten. */
static bool replace_file(int dump, const char *path, const char *text, GError **error)
{
	g_auto(Descriptor) fd = openat(dump, UNFINISHED,
				       O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0 && write_all(fd, text, strlen(text)) &&
	    renameat(dump, UNFINISHED, dump, STORE_REPEATS_FILE) == 0)
		return true;
	store_set_errno(error, "cannot write %s/" STORE_REPEATS_FILE, path);
	unlinkat(dump, UNFINISHED, 0);
	return false;
}

bool store_repeats_add(const struct store_entry *entry, const struct store_repeat *repeat,
		       guint64 *count, GError **error)
{
	g_auto(Descriptor) dump = store_directory_open(AT_FDCWD, entry->path);
	g_autoptr(JsonArray) records = NULL;
	g_autofree char *text = NULL;
	gint64 before;

	if (dump < 0) {
		store_set_errno(error, "cannot open %s", entry->path);
		return false;
	}
	records = read_records(dump, entry->path, &before, error);
	if (records == NULL)
		return false;
	json_array_add_object_element(records, to_json(repeat));
	while (json_array_get_length(records) > STORE_REPEATS_LISTED)
		json_array_remove_element(records, STORE_REPEATS_LISTED / 2);
	*count = (guint64)before + 1;
	text = render(records, before + 1, repeat->time);
	if (!replace_file(dump, entry->path, text, error))
		return false;
	store_entry_touch(entry);
	return true;
}

bool store_repeats_head(int dump, guint64 *count, char **last)
{
	static const char *const paths[] = {"count", "last", NULL};
	g_auto(Descriptor) fd =
		openat(dump, STORE_REPEATS_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char text[HEAD_BYTES];
	char *values[2];
	size_t length;
	bool good;

	if (fd < 0)
		return false;
	length = read_at(fd, 0, text, sizeof(text));
	if (!json_head_strings(text, length, paths, values))
		return false;
	good = values[0] && values[1] &&
	       g_ascii_string_to_unsigned(values[0], 10, 1, G_MAXINT32, count, NULL);
	if (good)
		*last = g_steal_pointer(&values[1]);
	g_free(values[0]);
	g_free(values[1]);
	return good;
}
