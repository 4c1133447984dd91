/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "remote.h"

#include <errno.h>
#include <fcntl.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "common/store_pool.h"
#include "common/json.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStoragePool, virStoragePoolFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStorageVol, virStorageVolFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStream, virStreamFree)

#define MAX_INDEX ((size_t)16 << 20)
#define MAX_DEPTH 4

/* --- the pool --- */

static virStoragePoolPtr find_pool(struct session *session, GError **error)
{
	virStoragePoolPtr pool;

	if (!session_connect(session, error))
		return NULL;
	pool = virStoragePoolLookupByName(session->connection, REMOTE_POOL);
	if (pool)
		return pool;
	if (virGetLastErrorCode() == VIR_ERR_NO_STORAGE_POOL)
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "%s has no storage pool '" REMOTE_POOL
			    "', by which that host's dumps can be read from here\n"
			    "'virsh -c %s oopsbt enable --pool' makes it",
			    session->uri, session->uri);
	else
		session_fail(session, error, "cannot find the storage pool '" REMOTE_POOL "'");
	return NULL;
}

/* The pool with a refreshed list of files. */
static virStoragePoolPtr open_pool(struct session *session, GError **error)
{
	g_autoptr(virStoragePool) pool = NULL;

	if (session->readonly) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "libvirt lets only a connection that may write read a storage pool\n"
			    "leave out -r (--readonly)");
		return NULL;
	}
	pool = find_pool(session, error);
	if (!pool)
		return NULL;
	if (virStoragePoolIsActive(pool) == 0) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "the storage pool '" REMOTE_POOL "' of %s is not active\n"
			    "'virsh -c %s pool-start " REMOTE_POOL "' starts it",
			    session->uri, session->uri);
		return NULL;
	}
	if (virStoragePoolRefresh(pool, 0) < 0) {
		session_fail(session, error, "cannot read the storage pool '" REMOTE_POOL "'");
		return NULL;
	}
	return g_steal_pointer(&pool);
}

bool remote_has_pool(struct session *session)
{
	g_autoptr(virStoragePool) pool = find_pool(session, NULL);

	return pool && virStoragePoolIsActive(pool) == 1;
}

bool remote_make_pool(struct session *session, GError **error)
{
	static const char xml[] =
		"<pool type='dir'><name>" REMOTE_POOL "</name><target>"
		"<path>" STORE_DEFAULT_ROOT "/" STORE_POOL_DIRECTORY "</path>"
		"<permissions><mode>0700</mode><owner>0</owner><group>0</group></permissions>"
		"</target></pool>";
	g_autoptr(virStoragePool) pool = NULL;

	if (!session_connect_to_write(session, "making a storage pool", error))
		return false;
	pool = virStoragePoolLookupByName(session->connection, REMOTE_POOL);
	if (!pool) {
		pool = virStoragePoolDefineXML(session->connection, xml, 0);
		if (!pool)
			return session_fail(session, error,
					    "cannot define the storage pool '" REMOTE_POOL "'");
		if (virStoragePoolBuild(pool, VIR_STORAGE_POOL_BUILD_NEW) < 0) {
			session_fail(session, error,
				     "cannot make the directory of the storage pool '" REMOTE_POOL
				     "'");
			virStoragePoolUndefine(pool);
			return false;
		}
	}
	if (virStoragePoolIsActive(pool) != 1 && virStoragePoolCreate(pool, 0) < 0)
		return session_fail(session, error,
				    "cannot start the storage pool '" REMOTE_POOL "'");
	if (virStoragePoolSetAutostart(pool, 1) < 0)
		return session_fail(session, error,
				    "cannot make the storage pool '" REMOTE_POOL
				    "' start by itself");
	return true;
}

/* --- files --- */

/* A download of the volumes of one dump. */
struct fetch {
	struct session *session;
	GPtrArray *volumes; /* of virStorageVolPtr */
	struct progress *progress;
	guint64 done, all; /* bytes */
};

/* The destination of a download: a file or a text. */
struct sink {
	int fd; /* -1: use @text */
	GByteArray *text;
	size_t max_bytes;    /* for @text */
	struct fetch *fetch; /* for the file */
};

static bool append_text(struct sink *sink, const char *data, size_t length)
{
	if (sink->text->len + length > sink->max_bytes)
		return false;
	g_byte_array_append(sink->text, (const guint8 *)data, length);
	return true;
}

static bool write_file(struct sink *sink, const char *data, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t count = write(sink->fd, data + done, length - done);

		if (count < 0 && errno != EINTR)
			return false;
		done += count > 0 ? count : 0;
	}
	sink->fetch->done += length;
	progress_bytes(sink->fetch->progress, sink->fetch->done, sink->fetch->all);
	return true;
}

static int receive(virStreamPtr stream G_GNUC_UNUSED, const char *data, size_t length, void *opaque)
{
	struct sink *sink = opaque;
	bool good = sink->fd < 0 ? append_text(sink, data, length) : write_file(sink, data, length);

	return good ? (int)length : -1;
}

static bool download(struct session *session, virStorageVolPtr volume, struct sink *sink,
		     GError **error)
{
	g_autoptr(virStream) stream = virStreamNew(session->connection, 0);
	const char *name = virStorageVolGetName(volume);

	if (!stream || virStorageVolDownload(volume, stream, 0, 0, 0) < 0)
		return session_fail(session, error, "cannot read %s of the storage pool", name);
	if (virStreamRecvAll(stream, receive, sink) < 0)
		return session_fail(session, error, "cannot read %s of the storage pool", name);
	if (virStreamFinish(stream) < 0)
		return session_fail(session, error, "cannot read %s of the storage pool", name);
	return true;
}

/* The text of a volume, NUL-terminated. */
static char *read_volume(struct session *session, virStoragePoolPtr pool, const char *name,
			 size_t max_bytes, size_t *length, GError **error)
{
	g_autoptr(virStorageVol) volume = virStorageVolLookupByName(pool, name);
	g_autoptr(GByteArray) text = g_byte_array_new();
	struct sink sink = {.fd = -1, .text = text, .max_bytes = max_bytes};

	if (!volume) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_NOT_FOUND,
			    "there is no %s in the storage pool '" REMOTE_POOL "' of %s", name,
			    session->uri);
		return NULL;
	}
	if (!download(session, volume, &sink, error))
		return NULL;
	*length = text->len;
	g_byte_array_append(text, (const guint8 *)"", 1);
	return (char *)g_byte_array_free(g_steal_pointer(&text), FALSE);
}

char *remote_read(struct session *session, const struct store_entry *entry, const char *file_name,
		  size_t max_bytes, size_t *length, GError **error)
{
	g_autoptr(virStoragePool) pool = open_pool(session, error);
	g_autofree char *name = g_strconcat(entry->id, ".", file_name, NULL);

	return pool ? read_volume(session, pool, name, max_bytes, length, error) : NULL;
}

/* An unnamed file, open for reading and writing. */
static int open_nameless(GError **error)
{
	g_autofree char *path = g_build_filename(g_get_tmp_dir(), "virsh-oopsbt-XXXXXX", NULL);
	int fd = open(g_get_tmp_dir(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	/* Some file systems lack O_TMPFILE. */
	if (fd < 0) {
		fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
		if (fd >= 0)
			unlink(path);
	}
	if (fd < 0)
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED, "cannot write to %s: %s",
			    g_get_tmp_dir(), g_strerror(errno));
	return fd;
}

static bool fetch_file(struct fetch *fetch, virStorageVolPtr volume, const char *file,
		       GPtrArray *members, GError **error)
{
	struct sink sink = {.fd = open_nameless(error), .fetch = fetch};

	if (sink.fd < 0)
		return false;
	archive_members_add(members, file, sink.fd);
	return download(fetch->session, volume, &sink, error) && lseek(sink.fd, 0, SEEK_SET) == 0;
}

/* The name of the file in the dump, or NULL: the volume is of another dump, or excluded. */
static const char *file_of_volume(virStorageVolPtr volume, const char *prefix,
				  const char *const *excluded)
{
	const char *name = virStorageVolGetName(volume);
	const char *file;

	if (!g_str_has_prefix(name, prefix) || strchr(name, '/'))
		return NULL;
	file = name + strlen(prefix);
	return *file && *file != '.' && !g_strv_contains(excluded, file) ? file : NULL;
}

static void free_volume(void *volume)
{
	virStorageVolFree(volume);
}

static int compare_volumes(const void *a, const void *b)
{
	return strcmp(virStorageVolGetName(*(virStorageVolPtr const *)a),
		      virStorageVolGetName(*(virStorageVolPtr const *)b));
}

/* The volumes that file_of_volume() accepts, sorted by name. */
static bool find_volumes(struct fetch *fetch, virStoragePoolPtr pool, const char *prefix,
			 const char *const *excluded, GError **error)
{
	virStorageVolPtr *volumes = NULL;
	int count = virStoragePoolListAllVolumes(pool, &volumes, 0);

	if (count < 0)
		return session_fail(fetch->session, error, "cannot list the storage pool");
	for (int i = 0; i < count; i++) {
		virStorageVolInfo info;

		if (!file_of_volume(volumes[i], prefix, excluded)) {
			virStorageVolFree(volumes[i]);
			continue;
		}
		g_ptr_array_add(fetch->volumes, volumes[i]);
		if (virStorageVolGetInfo(volumes[i], &info) == 0)
			fetch->all += info.capacity;
	}
	free(volumes);
	g_ptr_array_sort(fetch->volumes, compare_volumes);
	return true;
}

GPtrArray *remote_fetch(struct session *session, const struct store_entry *entry,
			const char *const *excluded, struct progress *progress, GError **error)
{
	g_autoptr(virStoragePool) pool = open_pool(session, error);
	g_autofree char *prefix = g_strconcat(entry->id, ".", NULL);
	g_autoptr(GPtrArray) volumes = g_ptr_array_new_with_free_func(free_volume);
	g_autoptr(GPtrArray) members = archive_members_new();
	struct fetch fetch = {.session = session, .volumes = volumes, .progress = progress};

	if (!pool || !find_volumes(&fetch, pool, prefix, excluded, error))
		return NULL;
	for (guint i = 0; i < volumes->len; i++) {
		virStorageVolPtr volume = volumes->pdata[i];

		if (!fetch_file(&fetch, volume, file_of_volume(volume, prefix, excluded), members,
				error))
			return NULL;
	}
	return g_steal_pointer(&members);
}

/* --- the index --- */

static char *string_of(JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member(object, name);

	return node && JSON_NODE_HOLDS_VALUE(node) &&
			       json_node_get_value_type(node) == G_TYPE_STRING
		       ? json_node_dup_string(node)
		       : NULL;
}

/* 0: missing, as in the index of an older version. */
static guint64 number_of(JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member(object, name);
	gint64 number = node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_int(node) : 0;

	return number > 0 && number <= G_MAXINT32 ? (guint64)number : 0;
}

static struct store_entry *parse_entry(struct session *session, JsonObject *object)
{
	struct store_entry *entry = g_new0(struct store_entry, 1);
	JsonNode *vmcore = json_object_get_member(object, "vmcore");
	g_autofree char *incident = NULL, *fingerprint = NULL;

	entry->id = string_of(object, "id");
	entry->domain = string_of(object, "domain");
	entry->uuid = string_of(object, "uuid");
	entry->title = string_of(object, "title");
	entry->signalled = string_of(object, "signalled");
	entry->signal = string_of(object, "signal");
	entry->release = string_of(object, "release");
	incident = string_of(object, "incident");
	entry->incident = store_entry_incident(incident, entry->signal);
	fingerprint = string_of(object, "fingerprint");
	entry->fingerprint = store_entry_fingerprint(fingerprint);
	entry->repeated = string_of(object, "repeated");
	entry->repeats = number_of(object, "repeats");
	entry->vmcore = vmcore && JSON_NODE_HOLDS_VALUE(vmcore) && json_node_get_boolean(vmcore);
	if (!entry->id || !entry->domain || strchr(entry->id, '/')) {
		store_entry_free(entry);
		return NULL;
	}
	entry->path = g_strdup_printf("%s:" REMOTE_POOL "/%s", session->uri, entry->id);
	return entry;
}

static GPtrArray *parse_index(struct session *session, const char *text, GError **error)
{
	/* The parser of untrusted text accepts only objects. */
	g_autofree char *wrapped = g_strdup_printf("{\"dumps\":%s}", text);
	JsonObject *object = untrusted_json_parse(wrapped, strlen(wrapped), MAX_DEPTH, NULL);
	JsonNode *node = object ? json_object_get_member(object, "dumps") : NULL;
	GPtrArray *entries;
	JsonArray *array;

	if (!node || !JSON_NODE_HOLDS_ARRAY(node)) {
		g_clear_pointer(&object, json_object_unref);
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "the index of the storage pool '" REMOTE_POOL "' of %s is damaged",
			    session->uri);
		return NULL;
	}
	entries = g_ptr_array_new_with_free_func((GDestroyNotify)store_entry_free);
	array = json_node_get_array(node);
	for (guint i = 0; i < json_array_get_length(array); i++) {
		JsonNode *element = json_array_get_element(array, i);
		struct store_entry *entry =
			JSON_NODE_HOLDS_OBJECT(element)
				? parse_entry(session, json_node_get_object(element))
				: NULL;

		if (entry)
			g_ptr_array_add(entries, entry);
	}
	json_object_unref(object);
	return entries;
}

GPtrArray *remote_list(struct session *session, const char *domain_name, GError **error)
{
	g_autoptr(virStoragePool) pool = open_pool(session, error);
	g_autoptr(GError) local = NULL;
	g_autofree char *text = NULL;
	GPtrArray *entries;
	size_t length;

	if (!pool)
		return NULL;
	text = read_volume(session, pool, STORE_POOL_INDEX, MAX_INDEX, &length, &local);
	if (!text && g_error_matches(local, STORE_ERROR, STORE_ERROR_NOT_FOUND))
		return g_ptr_array_new(); /* no dump was stored there yet */
	if (!text) {
		g_propagate_error(error, g_steal_pointer(&local));
		return NULL;
	}
	entries = parse_index(session, text, error);
	for (guint i = entries ? entries->len : 0; domain_name && i-- > 0;) {
		if (!store_entry_is_of(entries->pdata[i], domain_name))
			g_ptr_array_remove_index(entries, i);
	}
	return entries;
}
