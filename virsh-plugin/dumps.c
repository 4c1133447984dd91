/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dumps.h"

#include <libvirt/virterror.h>
#include <string.h>
#include <sys/stat.h>

#include "output.h"
#include "remote.h"
#include "report_file.h"
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
		if (session->directory && !g_file_test(root, G_FILE_TEST_EXISTS))
			return "-D (--directory) names a directory that does not exist";
		if (!dumps_are_remote(session) && session_is_unprivileged(session))
			return "these are the dumps of this user's own domains; those of the "
			       "system's domains are root's: try as root";
		if (!dumps_are_remote(session) && !g_file_test(root, G_FILE_TEST_EXISTS))
			return "nothing has been collected yet; 'virsh oopsbt status' shows which "
			       "domains are enabled";
		return "'virsh oopsbt list' shows the dumps there are";
	case STORE_ERROR_DENIED:
		return "only their owner may read dumps, and oopsbtd's belong to root: try as root";
	case STORE_ERROR_AMBIGUOUS:
		return "'virsh oopsbt list' shows the ids";
	case STORE_ERROR_FULL:
		return "make room, for example with 'virsh oopsbt rm'";
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

	if (session->journal)
		return journal_source_list(session->journal, error);
	if (dumps_are_remote(session))
		return remote_list(session, domain_name, error);
	entries = store_list(session_store(session), domain_name, &local);
	if (!entries)
		dumps_fail(session, error, local);
	return entries;
}

bool dumps_take_journal(struct session *session, const struct cli_args *args, GError **error)
{
	const char *directory = cli_value(args, "journal");

	if (!directory)
		return true;
	if (session->directory) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
			    "-D (--directory) has dumps and --journal has journals: leave out one");
		return false;
	}
	session->journal = journal_source_new(*directory ? directory : JOURNAL_SOURCE_DEFAULT);
	return true;
}

static bool is_of_one(const struct store_entry *entry, const void *names)
{
	for (char *const *domains = names; *domains; domains++) {
		if (store_entry_is_of(entry, *domains))
			return true;
	}
	return false;
}

static bool has_dumps(const GPtrArray *entries, const char *domain)
{
	for (guint i = 0; i < entries->len; i++) {
		if (store_entry_is_of(entries->pdata[i], domain))
			return true;
	}
	return false;
}

bool dumps_check_domain(struct session *session, const char *name, char **uuid, GError **error)
{
	char text[VIR_UUID_STRING_BUFLEN];
	g_autoptr(GError) local = NULL;
	g_autoptr(virDomain) domain = NULL;

	if (session->journal) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "the journals in %s have no dump of '%s'",
			    journal_source_directory(session->journal), name);
		return false;
	}
	domain = session_find_domain(session, name, &local);
	if (domain && uuid && virDomainGetUUIDString(domain, text) == 0)
		*uuid = g_strdup(text);
	if (domain)
		return true;
	if (session->connection && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "there is no domain '%s', and no dump of one\n"
			    "'virsh list --all' shows the domains there are, 'virsh oopsbt list' "
			    "the dumps",
			    name);
		return false;
	}
	print_warning("there is no dump of '%s'; cannot check if the domain exists: %s", name,
		      local->message);
	return true;
}

/*
 * The store knows a domain by its UUID and by the name that it had at its last dump. libvirt knows
 * it also by its id, and by its name now: then @names gets its UUID there.
 */
static bool resolve(struct session *session, const GPtrArray *entries, char **names, GError **error)
{
	for (; *names; names++) {
		char *uuid = NULL;

		if (has_dumps(entries, *names))
			continue;
		if (!dumps_check_domain(session, *names, &uuid, error))
			return false;
		if (!uuid)
			continue;
		g_free(*names);
		*names = uuid;
	}
	return true;
}

GPtrArray *dumps_list_of(struct session *session, char **domains, GError **error)
{
	bool one = domains[0] && !domains[1];
	g_autoptr(GPtrArray) entries = dumps_list(session, one ? domains[0] : NULL, error);
	g_auto(GStrv) names = g_strdupv(domains);

	if (!entries || !names[0])
		return g_steal_pointer(&entries);
	if (!resolve(session, entries, names, error))
		return NULL;
	if (one && strcmp(names[0], domains[0]) != 0) {
		g_ptr_array_unref(entries);
		entries = dumps_list(session, names[0], error);
		if (!entries)
			return NULL;
	}
	selection_keep(entries, is_of_one, names);
	return g_steal_pointer(&entries);
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

/* The newest dump of a domain that only libvirt knows by @reference: by its id or its name now. */
static struct store_entry *pick_by_libvirt(struct session *session, GPtrArray *entries,
					   const char *reference)
{
	char uuid[VIR_UUID_STRING_BUFLEN];
	g_autoptr(virDomain) domain = *reference && !session->journal
					      ? session_find_domain(session, reference, NULL)
					      : NULL;

	if (!domain || virDomainGetUUIDString(domain, uuid) < 0)
		return NULL;
	return store_pick(entries, uuid, NULL);
}

/* Takes the result out of @entries. */
static struct store_entry *pick(struct session *session, GPtrArray *entries, const char *reference,
				GError **error)
{
	g_autoptr(GError) local = NULL;
	struct store_entry *entry = NULL;

	if (reference) {
		entry = store_pick(entries, reference, &local);
		if (!entry && g_error_matches(local, STORE_ERROR, STORE_ERROR_NOT_FOUND))
			entry = pick_by_libvirt(session, entries, reference);
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
	g_autofree char *given = NULL;
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
	given = selection_given(args);
	g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED, "none of the %u dumps matches %s", count,
		    given);
	return NULL;
}

char *dumps_read(struct session *session, const struct store_entry *entry, const char *file_name,
		 size_t max_bytes, size_t *length, GError **error)
{
	if (dumps_are_remote(session))
		return remote_read(session, entry, file_name, max_bytes, length, error);
	return store_read(entry, file_name, max_bytes, length, error);
}

void dumps_warn_of_schema(JsonObject *report)
{
	gint64 schema = report_schema(report);

	if (schema > REPORT_SCHEMA)
		print_warning("report.json has schema %" G_GINT64_FORMAT
			      ", and this version knows %d: what is new in it is not shown",
			      schema, REPORT_SCHEMA);
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

gint64 dumps_size(struct session *session, const struct store_entry *entry)
{
	bool here = entry->path && !dumps_are_remote(session);
	g_autoptr(GDir) dir = here ? g_dir_open(entry->path, 0, NULL) : NULL;
	gint64 size = dir ? 0 : -1;
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(entry->path, name, NULL);
		struct stat info;

		if (lstat(path, &info) == 0)
			size += (gint64)info.st_blocks * 512;
	}
	return size;
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

/* Is @name a plain host name, which a shell does not interpret? */
static bool is_host_name(const char *name)
{
	return g_ascii_isalnum(name[0]) &&
	       strspn(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS ".-") == strlen(name);
}

char *dumps_fetch_command(const struct store_entry *entry)
{
	if (!entry->host || !is_host_name(entry->host))
		return NULL;
	return g_strdup_printf("virsh -c qemu+ssh://%s/system oopsbt export %s %s.tar.gz",
			       entry->host, entry->id, entry->id);
}

static void set_string(JsonObject *object, const char *name, const char *value)
{
	if (value)
		json_object_set_string_member(object, name, value);
	else
		json_object_set_null_member(object, name);
}

static void set_host(JsonObject *object, const struct store_entry *entry)
{
	g_autofree char *command = dumps_fetch_command(entry);

	set_string(object, "host", entry->host);
	set_string(object, "machine_id", entry->machine);
	set_string(object, "fetch", command);
}

/* A journal entry has only the time in the dump's id. A damaged dump in the store has no time. */
static char *json_time(const struct store_entry *entry)
{
	g_autoptr(GDateTime) time = entry->host ? dumps_time(entry) : NULL;

	return time ? g_date_time_format_iso8601(time) : g_strdup(entry->signalled);
}

JsonNode *dumps_to_json(const struct store_entry *entry)
{
	JsonObject *object = json_object_new();
	JsonNode *node = json_node_new(JSON_NODE_OBJECT);
	g_autofree char *time = json_time(entry);
	const struct {
		const char *name;
		const char *value;
	} members[] = {
		{"id", entry->id},	   {"uuid", entry->uuid},
		{"domain", entry->domain}, {"time", time},
		{"signal", entry->signal}, {"incident", entry->incident},
		{"title", entry->title},   {"release", entry->release},
		{"path", entry->path},	   {"fingerprint", entry->fingerprint},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
		set_string(object, members[i].name, members[i].value);
	if (entry->host)
		set_host(object, entry);
	json_object_set_boolean_member(object, "vmcore", entry->vmcore);
	json_object_set_int_member(object, "repeats", (gint64)entry->repeats);
	set_string(object, "repeated", entry->repeated);
	json_object_set_boolean_member(object, "damaged", !entry->title);
	json_node_take_object(node, object);
	return node;
}
