/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dumps.h"
#include "groups.h"
#include "html/html_store.h"
#include "output.h"
#include "repeats_view.h"
#include "selection.h"
#include "verbs.h"

/* Independent of libc's locale: "12.3 MiB". */
static char *size_text(gint64 bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	gint64 tenths = bytes * 10 / 1024;
	size_t unit = 0;

	if (bytes < 0)
		return NULL;
	for (; tenths >= 10240 && unit + 1 < G_N_ELEMENTS(units); unit++)
		tenths /= 1024;
	return g_strdup_printf("%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT " %s", tenths / 10,
			       tenths % 10, units[unit]);
}

struct listing {
	struct session *session;
	const GPtrArray *entries;
	bool details;
};

/* The title with the number of its bug's incidents. */
static char *title_text(const struct store_entry *entry)
{
	g_autofree char *note = repeats_note(entry);

	return g_strconcat(dumps_title(entry), note, NULL);
}

static void add_entry(struct table *table, guint row, const void *user_data)
{
	const struct listing *listing = user_data;
	const struct store_entry *entry = listing->entries->pdata[row];
	g_autoptr(GDateTime) time = dumps_time(entry);
	g_autofree char *shown = local_time_text(time);
	g_autofree char *title = title_text(entry);
	g_autofree char *size =
		listing->details ? size_text(dumps_size(listing->session, entry)) : NULL;

	if (listing->details)
		table_add(table, entry->id, entry->domain, shown, entry->incident, entry->release,
			  size, title);
	else
		table_add(table, entry->id, entry->domain, shown, entry->incident, title);
}

/* For dumps of many hosts: their sizes are not known here. */
static void add_entry_of_host(struct table *table, guint row, const void *user_data)
{
	const struct listing *listing = user_data;
	const struct store_entry *entry = listing->entries->pdata[row];
	g_autoptr(GDateTime) time = dumps_time(entry);
	g_autofree char *shown = local_time_text(time);
	g_autofree char *title = title_text(entry);

	if (listing->details)
		table_add(table, entry->id, entry->host, entry->domain, shown, entry->incident,
			  entry->release, entry->fingerprint, title);
	else
		table_add(table, entry->id, entry->host, entry->domain, shown, entry->incident,
			  title);
}

static void print_entries_of_hosts(const struct listing *listing)
{
	static const char *const few[] = {"Id", "Host", "Domain", "Time", "Kind", "Title", NULL};
	static const char *const all[] = {"Id",	    "Host",	   "Domain", "Time", "Kind",
					  "Kernel", "Fingerprint", "Title",  NULL};
	bool quiet = listing->session->quiet;

	table_print_rows(listing->details ? all : few, quiet, listing->entries->len,
			 add_entry_of_host, listing);
	if (!quiet)
		print_hint(
			"'virsh -c qemu+ssh://HOST/system oopsbt export ID FILE' fetches a dump");
}

static void print_entries(const struct listing *listing)
{
	static const char *const few[] = {"Id", "Domain", "Time", "Kind", "Title", NULL};
	static const char *const all[] = {"Id",	    "Domain", "Time",  "Kind",
					  "Kernel", "Size",   "Title", NULL};

	table_print_rows(listing->details ? all : few, listing->session->quiet,
			 listing->entries->len, add_entry, listing);
}

static JsonNode *element_to_json(guint i, const void *user_data)
{
	const struct listing *listing = user_data;
	const struct store_entry *entry = listing->entries->pdata[i];
	JsonNode *node = dumps_to_json(entry);
	gint64 size = dumps_size(listing->session, entry);

	if (size >= 0)
		json_object_set_int_member(json_node_get_object(node), "size", size);
	else
		json_object_set_null_member(json_node_get_object(node), "size");
	return node;
}

/* --- groups --- */

static void print_groups(struct session *session, GPtrArray *groups)
{
	static const char *const titles[] = {"Count", "Newest", "Domain", "Kind", "Title", NULL};
	g_autoptr(Table) table = table_new(titles);

	for (guint i = 0; i < groups->len; i++) {
		const struct group *at = groups->pdata[i];
		g_autofree char *count = g_strdup_printf("%u", at->count);

		table_add(table, count, at->newest->id, at->newest->domain, at->newest->incident,
			  dumps_title(at->newest));
	}
	table_print(table, session->quiet);
}

static void print_groups_as_json(GPtrArray *groups)
{
	JsonNode *node = json_node_new(JSON_NODE_ARRAY);
	JsonArray *array = json_array_new();

	for (guint i = 0; i < groups->len; i++) {
		const struct group *at = groups->pdata[i];
		JsonObject *object = json_object_new();

		json_object_set_int_member(object, "count", at->count);
		json_object_set_string_member(object, "title", dumps_title(at->newest));
		json_object_set_member(object, "newest", dumps_to_json(at->newest));
		json_array_add_object_element(array, object);
	}
	json_node_take_array(node, array);
	print_json(node);
}

static void print_grouped(struct session *session, const struct cli_args *args,
			  const GPtrArray *entries)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	enum grouping by = cli_has(args, "group") ? GROUP_BY_BUG : GROUP_BY_TITLE;
	g_autoptr(GPtrArray) groups = groups_make(entries, by, now);

	if (cli_has(args, "reverse"))
		groups_reverse(groups);
	if (cli_has(args, "json"))
		print_groups_as_json(groups);
	else
		print_groups(session, groups);
}

static void keep_newest(GPtrArray *entries, guint64 count)
{
	if (entries->len > count)
		g_ptr_array_remove_range(entries, 0, entries->len - count);
}

static void print(struct session *session, const struct cli_args *args, GPtrArray *entries)
{
	const struct listing listing = {session, entries, cli_has(args, "details")};
	bool json = cli_has(args, "json");

	pager_open(!cli_has(args, "no-pager") && !json);
	if (cli_has(args, "count") || cli_has(args, "group")) {
		print_grouped(session, args, entries);
		return;
	}
	if (cli_has(args, "reverse"))
		groups_reverse(entries);
	if (json)
		print_json_array(entries->len, element_to_json, &listing);
	else if (session->journal)
		print_entries_of_hosts(&listing);
	else
		print_entries(&listing);
}

/* To a file or a pipe only: a terminal would show the markup. */
static bool print_page(const struct cli_args *args, GPtrArray *entries, GError **error)
{
	GString *page;

	if (cli_has(args, "json")) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
			    "--html and --json exclude each other");
		return false;
	}
	if (isatty(STDOUT_FILENO)) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
			    "a page is not for a terminal; redirect it into a file");
		return false;
	}
	page = html_store(entries);
	print_text(page->str, page->len);
	g_string_free(page, TRUE);
	return true;
}

static bool run(struct session *session, const struct cli_args *args, GError **error)
{
	g_auto(Selection) selection = {0};
	g_autoptr(GPtrArray) entries = NULL;
	guint64 newest = G_MAXUINT;

	if (!selection_init(&selection, args, error) ||
	    !cli_number(args, "newest", 1, G_MAXUINT, &newest, error) ||
	    !dumps_take_journal(session, args, error))
		return false;
	entries = dumps_list_of(session, cli_operands(args), error);
	if (!entries)
		return false;
	selection_apply(&selection, entries);
	keep_newest(entries, cli_has(args, "last") ? 1 : newest);
	if (cli_has(args, "html"))
		return print_page(args, entries, error);
	print(session, args, entries);
	return true;
}

static const struct cli_option options[] = {
	{"newest", 'n', "N", CLI_NONE, "only the N newest"},
	{"last", '1', NULL, CLI_NONE, "only the newest"},
	{"reverse", 'r', NULL, CLI_NONE,
	 "the newest first, or with --count or --group the most frequent"},
	{"details", 0, NULL, CLI_NONE, "also the guest's kernel, and what the dump takes on disk"},
	{"group", 0, NULL, CLI_NONE, "one line for a bug, with the number of its dumps; see stats"},
	{"count", 0, NULL, CLI_NONE, "one line for equal titles, with their number"},
	{"html", 0, NULL, CLI_NONE,
	 "as one HTML page that needs no network: what happened when, by "
	 "domain "
	 "and by bug"},
	DUMPS_JOURNAL_OPTION,
	{"json", 0, NULL, CLI_NONE, "as JSON"},
	{"no-pager", 0, NULL, CLI_NONE, "print without a pager"},
	{NULL, 0, NULL, 0, NULL},
};

const struct verb verb_list = {
	.name = "list",
	.operands = "[DOMAIN...]",
	.operand_kind = CLI_STORED,
	.max_operands = G_MAXUINT,
	.summary = "list the dumps, the newest last",
	.description =
		"One line a dump: its id, domain, local time, kind of incident and title, the "
		"newest last. The id begins with the time in UTC. (×14, last 12:03) says that the "
		"bug came 14 times, this dump included: the other 13 have no dump, only a record "
		"in "
		"this one, which info lists; see the option full of enable.\n\n"
		"With --journal it lists the dumps of all hosts whose journals are in a directory, "
		"as "
		"systemd-journal-remote collects them, with the name of the host. The host may "
		"have "
		"removed a dump meanwhile.",
	.options = options,
	.shared_options = selection_options,
	.choices = {"newest|last", "details|group|count|html"},
	.run = run,
};
