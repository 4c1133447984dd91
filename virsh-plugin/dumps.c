/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dumps.h"

#include "remote.h"
#include "selection.h"

bool dumps_are_remote(struct session *session)
{
	return !session->directory && session_is_remote(session);
}

static const char *advice(struct session *session, int code)
{
	const char *root = store_root(session_store(session));

	switch (code) {
	case STORE_ERROR_NOT_FOUND:
		if (!dumps_are_remote(session) && !g_file_test(root, G_FILE_TEST_EXISTS))
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
	GPtrArray *entries;

	if (dumps_are_remote(session))
		return remote_list(session, domain_name, error);
	entries = store_list(session_store(session), domain_name, &local);
	if (!entries)
		dumps_fail(session, error, local);
	return entries;
}

static void set_no_dump(struct session *session, GError **error)
{
	if (dumps_are_remote(session))
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED, "there is no dump on %s",
			    session->uri);
	else
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "there is no dump in %s\n"
			    "'virsh oopsbt status' shows which domains are enabled",
			    store_root(session_store(session)));
}

/* What is found is taken out of @entries. */
static struct store_entry *pick(struct session *session, GPtrArray *entries, const char *reference,
				GError **error)
{
	g_autoptr(GError) local = NULL;
	struct store_entry *entry = NULL;

	if (reference) {
		entry = store_pick(entries, reference, &local);
		if (!entry)
			dumps_fail(session, error, local);
	} else if (entries->len > 0) {
		entry = g_ptr_array_steal_index(entries, entries->len - 1);
	} else {
		set_no_dump(session, error);
	}
	return entry;
}

struct store_entry *dumps_find(struct session *session, const char *reference, GError **error)
{
	g_autoptr(GPtrArray) entries = dumps_list(session, NULL, error);

	return entries ? pick(session, entries, reference, error) : NULL;
}

struct store_entry *dumps_find_selected(struct session *session, const char *reference,
					const struct cli_args *args, GError **error)
{
	g_auto(Selection) selection = {0};
	g_autoptr(GPtrArray) entries = NULL;
	guint count;

	if (!selection_init(&selection, args, error))
		return NULL;
	entries = dumps_list(session, NULL, error);
	if (!entries)
		return NULL;
	count = entries->len;
	selection_apply(&selection, entries);
	if (entries->len > 0 || count == 0)
		return pick(session, entries, reference, error);
	g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
		    "none of the %u dumps is one that --since, --until, --kind and --title ask for",
		    count);
	return NULL;
}

char *dumps_read(struct session *session, const struct store_entry *entry, const char *file_name,
		 size_t max_bytes, size_t *length, GError **error)
{
	if (dumps_are_remote(session))
		return remote_read(session, entry, file_name, max_bytes, length, error);
	return store_read(entry, file_name, max_bytes, length, error);
}

bool dumps_require_local(struct session *session, const char *what, GError **error)
{
	if (!dumps_are_remote(session))
		return true;
	g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
		    "%s works on this host's dumps, and those of %s are on another host\n"
		    "do it there, or 'virsh -c %s oopsbt export' a dump and use the file",
		    what, session->uri, session->uri);
	return false;
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
		{"id", entry->id},	   {"uuid", entry->uuid},
		{"domain", entry->domain}, {"time", entry->signalled},
		{"signal", entry->signal}, {"incident", entry->incident},
		{"title", entry->title},   {"release", entry->release},
		{"path", entry->path},	   {"fingerprint", entry->fingerprint},
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
