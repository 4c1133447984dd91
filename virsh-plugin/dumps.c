/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dumps.h"

#include "cli.h"

static const char *advice(struct session *session, int code)
{
	const char *root = store_root(session_store(session));

	switch (code) {
	case STORE_ERROR_NOT_FOUND:
		if (!g_file_test(root, G_FILE_TEST_EXISTS))
			return "nothing has been collected yet; 'virsh oopsbt status' shows which "
			       "domains are enabled";
		return "'virsh oopsbt list' shows the dumps there are";
	case STORE_ERROR_DENIED:
		return "dumps are for their owner only, who is root for oopsbtd's: try as root";
	case STORE_ERROR_AMBIGUOUS:
		return "'virsh oopsbt list' shows the ids";
	case STORE_ERROR_FULL:
		return "make room, with 'virsh oopsbt rm' for one";
	default:
		return NULL;
	}
}

bool dumps_fail(struct session *session, GError **error, const GError *cause)
{
	const char *hint = cause->domain == STORE_ERROR ? advice(session, cause->code) : NULL;

	g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED, "%s%s%s", cause->message, hint ? "\n" : "",
		    hint ? hint : "");
	return false;
}

GPtrArray *dumps_list(struct session *session, const char *domain_name, GError **error)
{
	g_autoptr(GError) local = NULL;
	GPtrArray *entries = store_list(session_store(session), domain_name, &local);

	if (!entries)
		dumps_fail(session, error, local);
	return entries;
}

struct store_entry *dumps_find(struct session *session, const char *reference, GError **error)
{
	g_autoptr(GPtrArray) entries = NULL;
	g_autoptr(GError) local = NULL;
	struct store_entry *entry;

	if (reference) {
		entry = store_find(session_store(session), reference, &local);
		if (!entry)
			dumps_fail(session, error, local);
		return entry;
	}
	entries = dumps_list(session, NULL, error);
	if (!entries)
		return NULL;
	if (entries->len > 0)
		return g_ptr_array_steal_index(entries, entries->len - 1);
	g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
		    "there is no dump in %s\n'virsh oopsbt status' shows which domains are enabled",
		    store_root(session_store(session)));
	return NULL;
}

const char *dumps_title(const struct store_entry *entry)
{
	return entry->title ? entry->title : "(damaged)";
}

GDateTime *dumps_time(const struct store_entry *entry)
{
	GDateTime *time =
		entry->signalled ? g_date_time_new_from_iso8601(entry->signalled, NULL) : NULL;
	g_autofree char *stamp = g_strndup(entry->id, strcspn(entry->id, "-"));

	if (!time)
		time = g_date_time_new_from_iso8601(stamp, NULL);
	return time ? time : g_date_time_new_from_unix_utc(0);
}

JsonNode *dumps_to_json(const struct store_entry *entry)
{
	JsonObject *object = json_object_new();
	JsonNode *node = json_node_new(JSON_NODE_OBJECT);
	const struct {
		const char *name;
		const char *value;
	} members[] = {
		{"id", entry->id},	   {"domain", entry->domain}, {"time", entry->signalled},
		{"signal", entry->signal}, {"title", entry->title},   {"path", entry->path},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
		if (members[i].value)
			json_object_set_string_member(object, members[i].name, members[i].value);
		else
			json_object_set_null_member(object, members[i].name);
	}
	json_object_set_boolean_member(object, "vmcore", entry->vmcore);
	json_object_set_boolean_member(object, "damaged", !entry->title);
	json_node_take_object(node, object);
	return node;
}
