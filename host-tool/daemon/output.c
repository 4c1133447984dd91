/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/output.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/read.h"
#include "common/json.h"
#include "common/sanitize.h"

#define MAX_JSON_DEPTH 32

static bool fail(GError **error, const char *name, const char *message)
{
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "the analyser's %s %s", name, message);
	return false;
}

static bool fail_errno(GError **error, const char *what, const char *name)
{
	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s %s: %s", what, name,
		    g_strerror(errno));
	return false;
}

static bool check_size(int fd, const char *name, size_t max_bytes, size_t *size, GError **error)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return fail_errno(error, "reading the analyser's", name);
	if (status.st_size < 0 || (uint64_t)status.st_size > max_bytes)
		return fail(error, name, "is too large");
	*size = (size_t)status.st_size;
	return true;
}

static char *read_all(int fd, const char *name, size_t size, GError **error)
{
	g_autofree char *text = g_malloc(size + 1);

	if (read_at(fd, 0, text, size) != size) {
		if (errno)
			fail_errno(error, "reading the analyser's", name);
		else
			fail(error, name, "shrank while it was read");
		return NULL;
	}
	text[size] = '\0';
	return g_steal_pointer(&text);
}

static char *read_clean(int fd, const char *name, size_t max_bytes, size_t *size, GError **error)
{
	g_autofree char *text = NULL;

	if (!check_size(fd, name, max_bytes, size, error))
		return NULL;
	text = read_all(fd, name, *size, error);
	if (text == NULL)
		return NULL;
	if (!text_is_clean(text, *size)) {
		fail(error, name, "has characters that are not text");
		return NULL;
	}
	return g_steal_pointer(&text);
}

bool output_check_text(int fd, const char *name, size_t max_bytes, bool may_be_empty,
		       GError **error)
{
	size_t size;
	g_autofree char *text = read_clean(fd, name, max_bytes, &size, error);

	if (text == NULL)
		return false;
	if (size == 0 && !may_be_empty)
		return fail(error, name, "is empty");
	return true;
}

static const char *get_string(JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member(object, name);

	if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) ||
	    json_node_get_value_type(node) != G_TYPE_STRING)
		return NULL;
	return json_node_get_string(node);
}

static bool check_identity(JsonObject *root, const struct report_collection *collection,
			   GError **error)
{
	JsonNode *schema = json_object_get_member(root, "schema");
	JsonNode *domain = json_object_get_member(root, "domain");
	JsonObject *object;

	if (schema == NULL || !JSON_NODE_HOLDS_VALUE(schema) ||
	    json_node_get_value_type(schema) != G_TYPE_INT64 ||
	    json_node_get_int(schema) != REPORT_SCHEMA)
		return fail(error, "report.json", "has another schema");
	if (g_strcmp0(get_string(root, "id"), collection->id) != 0)
		return fail(error, "report.json", "has another id");
	if (domain == NULL || !JSON_NODE_HOLDS_OBJECT(domain))
		return fail(error, "report.json", "names no domain");
	object = json_node_get_object(domain);
	if (g_strcmp0(get_string(object, "uuid"), collection->domain_uuid) != 0)
		return fail(error, "report.json", "is about another domain");
	return true;
}

bool output_check_json(int fd, size_t max_bytes, const struct report_collection *collection,
		       GError **error)
{
	size_t size;
	g_autofree char *text = read_clean(fd, "report.json", max_bytes, &size, error);
	g_autoptr(JsonObject) root = NULL;

	if (text == NULL)
		return false;
	root = untrusted_json_parse(text, size, MAX_JSON_DEPTH, error);
	if (root == NULL) {
		g_prefix_error(error, "the analyser's report.json: ");
		return false;
	}
	return check_identity(root, collection, error);
}

bool output_check_core(int fd, size_t max_bytes, GError **error)
{
	char magic[SELFMAG];
	size_t size;

	if (!check_size(fd, "core", max_bytes, &size, error))
		return false;
	if (size == 0)
		return true;
	if (pread(fd, magic, sizeof(magic), 0) != sizeof(magic) ||
	    memcmp(magic, ELFMAG, SELFMAG) != 0)
		return fail(error, "core", "is not an ELF file");
	return true;
}

bool output_write(int fd, const char *text, size_t length, GError **error)
{
	if (ftruncate(fd, 0) < 0)
		return fail_errno(error, "writing", "a file of the dump");
	for (size_t done = 0; done < length;) {
		ssize_t put = pwrite(fd, text + done, length - done, (off_t)done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return fail_errno(error, "writing", "a file of the dump");
		done += (size_t)put;
	}
	return true;
}
