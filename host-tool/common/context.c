/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/context.h"

#include <string.h>

#include "common/json.h"
#include "common/json_build.h"

#define MAX_DEPTH 8
#define MAX_EXTENTS 65536

/* The collection's strings and their JSON names; used for writing and reading. */
static const struct {
	const char *name;
	size_t offset;
} collection_strings[] = {
#define STRING(member)                                                                             \
	{                                                                                          \
#member, offsetof(struct report_collection, member)                                \
	}
	STRING(id),	    STRING(domain_name),  STRING(domain_uuid),	 STRING(signal),
	STRING(signalled),  STRING(frozen),	  STRING(thawed),	 STRING(stored),
	STRING(previous),   STRING(nmi),	  STRING(nmi_reason),	 STRING(host),
	STRING(hypervisor), STRING(tool_version), STRING(memory_source), STRING(tasks),
	STRING(incident),   STRING(evidence),	  STRING(phase),
#undef STRING
};

/* Its counts. Cores that are older than a count lack it. */
static const struct {
	const char *name;
	size_t offset;
} collection_counts[] = {
#define COUNT(name, member)                                                                        \
	{                                                                                          \
		name, offsetof(struct report_collection, member)                                   \
	}
	COUNT("suppressed_rate_limit", suppressed.rate_limit),
	COUNT("suppressed_queue_full", suppressed.queue_full),
	COUNT("suppressed_failed", suppressed.failed),
	COUNT("suppressed_not_analysed", suppressed.not_analysed),
	COUNT("suppressed_oopses", suppressed.oopses),
	COUNT("waiting", waiting),
	COUNT("budget_ms", budget_ms),
#undef COUNT
};

static unsigned int *count_at(const struct report_collection *collection, size_t i)
{
	return (unsigned int *)(void *)((char *)collection + collection_counts[i].offset);
}

static char **string_at(const struct report_collection *collection, size_t i)
{
	return (char **)((char *)collection + collection_strings[i].offset);
}

void job_clear(struct job *job)
{
	g_clear_pointer(&job->extents, g_array_unref);
	g_clear_pointer(&job->map, g_bytes_unref);
	report_collection_clear(&job->collection);
	*job = (struct job){0};
}

/* --- writing --- */

static void build_maybe_int(JsonBuilder *builder, const char *name, const struct maybe_int *value)
{
	json_builder_set_member_name(builder, name);
	if (value->known)
		json_builder_add_int_value(builder, value->value);
	else
		json_builder_add_null_value(builder);
}

static void build_collection(JsonBuilder *builder, const struct report_collection *collection)
{
	json_builder_set_member_name(builder, "collection");
	json_builder_begin_object(builder);
	for (size_t i = 0; i < G_N_ELEMENTS(collection_strings); i++)
		json_build_string(builder, collection_strings[i].name, *string_at(collection, i));
	build_maybe_int(builder, "freeze_us", &collection->freeze_us);
	build_maybe_int(builder, "stalled_cpu", &collection->stalled_cpu);
	for (size_t i = 0; i < G_N_ELEMENTS(collection_counts); i++)
		json_build_integer(builder, collection_counts[i].name, *count_at(collection, i));
	json_build_boolean(builder, "deferred", collection->deferred);
	json_build_boolean(builder, "unwatched", collection->unwatched);
	json_build_boolean(builder, "thawed_early", collection->thawed_early);
	json_builder_set_member_name(builder, "errors");
	json_builder_begin_array(builder);
	for (guint i = 0; collection->errors && i < collection->errors->len; i++) {
		const struct report_error *error = collection->errors->pdata[i];

		json_builder_begin_object(builder);
		json_build_string(builder, "field", error->field);
		json_build_string(builder, "message", error->message);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	json_builder_end_object(builder);
}

static char *finish(JsonBuilder *builder)
{
	g_autoptr(JsonNode) root = NULL;

	json_builder_end_object(builder);
	root = json_builder_get_root(builder);
	return json_to_string(root, FALSE);
}

char *collection_to_json(const struct report_collection *collection)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	build_collection(builder, collection);
	return finish(builder);
}

char *job_to_json(const struct job *job)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autofree char *map = NULL;

	json_builder_begin_object(builder);
	json_build_string(builder, "kind", job->kind == JOB_MAP ? "map" : "collect");
	json_build_string(builder, "memory", job->relay ? "libvirt" : "proc");
	json_builder_set_member_name(builder, "extents");
	json_builder_begin_array(builder);
	for (guint i = 0; job->extents && i < job->extents->len; i++) {
		const struct guest_extent *extent =
			&g_array_index(job->extents, struct guest_extent, i);

		json_builder_begin_object(builder);
		json_build_integer(builder, "start", extent->start.value);
		json_build_integer(builder, "length", extent->length);
		json_build_integer(builder, "offset", extent->file_offset);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	if (job->map) {
		gsize length;
		const guchar *bytes = g_bytes_get_data(job->map, &length);

		map = g_base64_encode(bytes, length);
	}
	json_build_string(builder, "map", map);
	json_build_integer(builder, "log_settle_ms", job->log_settle_ms);
	build_collection(builder, &job->collection);
	return finish(builder);
}

/* --- reading --- */

static bool fail_member(GError **error, const char *name, const char *expected)
{
	g_set_error(error, UNTRUSTED_JSON_ERROR, UNTRUSTED_JSON_ERROR_MEMBER,
		    "member \"%s\" is missing or is not %s", name, expected);
	return false;
}

static bool holds(JsonNode *node, GType type)
{
	return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
	       json_node_get_value_type(node) == type;
}

/* Absent and null mean the same: an older version may have written the core. */
static bool read_optional_string(JsonObject *object, const char *name, char **value, GError **error)
{
	JsonNode *node = json_object_get_member(object, name);

	if (node == NULL || JSON_NODE_HOLDS_NULL(node))
		return true;
	if (!holds(node, G_TYPE_STRING))
		return fail_member(error, name, "a string or null");
	*value = json_node_dup_string(node);
	return true;
}

static bool read_unsigned(JsonObject *object, const char *name, uint64_t max, uint64_t *value,
			  GError **error)
{
	JsonNode *node = json_object_get_member(object, name);
	gint64 number;

	if (!holds(node, G_TYPE_INT64))
		return fail_member(error, name, "a number");
	number = json_node_get_int(node);
	if (number < 0 || (uint64_t)number > max)
		return fail_member(error, name, "a number in its range");
	*value = (uint64_t)number;
	return true;
}

/* Reads one of two words; *@second: it is the second. */
static bool read_choice(JsonObject *object, const char *name, const char *first_word,
			const char *second_word, bool *second, GError **error)
{
	g_autofree char *value = NULL;

	if (!read_optional_string(object, name, &value, error))
		return false;
	if (g_strcmp0(value, first_word) != 0 && g_strcmp0(value, second_word) != 0)
		return fail_member(error, name, "one of its allowed words");
	*second = g_strcmp0(value, second_word) == 0;
	return true;
}

static bool read_array(JsonObject *object, const char *name, JsonArray **array, GError **error)
{
	JsonNode *node = json_object_get_member(object, name);

	if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node))
		return fail_member(error, name, "an array");
	*array = json_node_get_array(node);
	return true;
}

static JsonObject *element_object(JsonArray *array, guint i)
{
	JsonNode *node = json_array_get_element(array, i);

	return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static bool read_errors(JsonObject *object, GPtrArray *errors, GError **error)
{
	JsonArray *array;

	if (!read_array(object, "errors", &array, error))
		return false;
	for (guint i = 0; i < json_array_get_length(array); i++) {
		JsonObject *element = element_object(array, i);
		struct report_error *read;

		if (element == NULL)
			return fail_member(error, "errors[]", "an object");
		read = report_error_new(NULL, NULL);
		g_ptr_array_add(errors, read);
		if (!read_optional_string(element, "field", &read->field, error) ||
		    !read_optional_string(element, "message", &read->message, error))
			return false;
	}
	return true;
}

/* Older cores lack this member; an error about this field stands for it. */
static bool old_thawed_early(const GPtrArray *errors)
{
	for (guint i = 0; i < errors->len; i++) {
		const struct report_error *error = errors->pdata[i];

		if (g_strcmp0(error->field, "timeline.freeze_us") == 0)
			return true;
	}
	return false;
}

static bool read_maybe_int(JsonObject *object, const char *name, struct maybe_int *number,
			   GError **error)
{
	JsonNode *node = json_object_get_member(object, name);
	uint64_t value;

	if (!node || JSON_NODE_HOLDS_NULL(node))
		return true;
	if (!read_unsigned(object, name, G_MAXINT64, &value, error))
		return false;
	*number = (struct maybe_int){true, (int64_t)value};
	return true;
}

static bool read_counts(JsonObject *object, struct report_collection *collection, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(collection_counts); i++) {
		const char *name = collection_counts[i].name;
		uint64_t value = 0;

		if (json_object_has_member(object, name) &&
		    !read_unsigned(object, name, G_MAXINT, &value, error))
			return false;
		*count_at(collection, i) = (unsigned int)value;
	}
	return true;
}

/* Cores that are older than a member lack it. */
static bool read_boolean(JsonObject *object, const char *name, bool *value, GError **error)
{
	JsonNode *node = json_object_get_member(object, name);

	if (node == NULL)
		return true;
	if (!holds(node, G_TYPE_BOOLEAN))
		return fail_member(error, name, "true or false");
	*value = json_node_get_boolean(node);
	return true;
}

static bool read_collection(JsonObject *root, struct report_collection *collection, GError **error)
{
	JsonNode *node = json_object_get_member(root, "collection");
	JsonObject *object;

	collection->errors = report_errors_new();
	if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node))
		return fail_member(error, "collection", "an object");
	object = json_node_get_object(node);
	for (size_t i = 0; i < G_N_ELEMENTS(collection_strings); i++)
		if (!read_optional_string(object, collection_strings[i].name,
					  string_at(collection, i), error))
			return false;
	if (!read_maybe_int(object, "freeze_us", &collection->freeze_us, error) ||
	    !read_maybe_int(object, "stalled_cpu", &collection->stalled_cpu, error) ||
	    !read_counts(object, collection, error) ||
	    !read_errors(object, collection->errors, error))
		return false;
	collection->thawed_early = old_thawed_early(collection->errors);
	return read_boolean(object, "deferred", &collection->deferred, error) &&
	       read_boolean(object, "unwatched", &collection->unwatched, error) &&
	       read_boolean(object, "thawed_early", &collection->thawed_early, error);
}

static bool read_extents(JsonObject *root, GArray *extents, GError **error)
{
	JsonArray *array;

	if (!read_array(root, "extents", &array, error))
		return false;
	if (json_array_get_length(array) > MAX_EXTENTS)
		return fail_member(error, "extents", "an array that is not too long");
	for (guint i = 0; i < json_array_get_length(array); i++) {
		JsonObject *element = element_object(array, i);
		struct guest_extent extent;

		if (element == NULL)
			return fail_member(error, "extents[]", "an object");
		if (!read_unsigned(element, "start", G_MAXINT64, &extent.start.value, error) ||
		    !read_unsigned(element, "length", G_MAXINT64, &extent.length, error) ||
		    !read_unsigned(element, "offset", G_MAXINT64, &extent.file_offset, error))
			return false;
		g_array_append_val(extents, extent);
	}
	return true;
}

static bool read_job(JsonObject *root, struct job *job, GError **error)
{
	g_autofree char *map = NULL;
	bool is_map;
	uint64_t log_settle_ms;

	job->extents = g_array_new(FALSE, FALSE, sizeof(struct guest_extent));
	if (!read_choice(root, "kind", "collect", "map", &is_map, error) ||
	    !read_choice(root, "memory", "proc", "libvirt", &job->relay, error) ||
	    !read_extents(root, job->extents, error) ||
	    !read_optional_string(root, "map", &map, error) ||
	    !read_unsigned(root, "log_settle_ms", G_MAXINT, &log_settle_ms, error) ||
	    !read_collection(root, &job->collection, error))
		return false;
	job->kind = is_map ? JOB_MAP : JOB_COLLECT;
	job->log_settle_ms = (unsigned int)log_settle_ms;
	if (map) {
		gsize length;
		guchar *bytes = g_base64_decode(map, &length);

		job->map = g_bytes_new_take(bytes, length);
	}
	return true;
}

bool collection_from_json(const char *json, size_t length, struct report_collection *collection,
			  GError **error)
{
	g_autoptr(JsonObject) root = untrusted_json_parse(json, length, MAX_DEPTH, error);

	if (root == NULL)
		return false;
	if (!read_collection(root, collection, error)) {
		report_collection_clear(collection);
		return false;
	}
	return true;
}

bool job_from_json(const char *json, size_t length, struct job *job, GError **error)
{
	g_autoptr(JsonObject) root = untrusted_json_parse(json, length, MAX_DEPTH, error);

	if (root == NULL)
		return false;
	if (!read_job(root, job, error)) {
		job_clear(job);
		return false;
	}
	return true;
}
