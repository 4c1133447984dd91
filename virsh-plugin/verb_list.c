/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "dumps.h"
#include "output.h"
#include "verbs.h"
#include "when.h"

struct filter {
	GDateTime *since; /* NULL: no bound */
	GDateTime *until;
	GPatternSpec *title;
	guint64 newest; /* how many at most; 0: all */
};

static void filter_clear(struct filter *filter)
{
	g_clear_pointer(&filter->since, g_date_time_unref);
	g_clear_pointer(&filter->until, g_date_time_unref);
	g_clear_pointer(&filter->title, g_pattern_spec_free);
}

static bool parse_time(const struct cli_args *args, const char *option, GDateTime **time,
		       GError **error)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	const char *text = cli_value(args, option);

	if (!text)
		return true;
	*time = when_parse(text, now);
	if (*time)
		return true;
	g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
		    "option --%s cannot be '%s': it takes a time such as " WHEN_SYNTAX, option,
		    text);
	return false;
}

/* A title without wildcards is searched for anywhere. */
static GPatternSpec *title_pattern(const char *text)
{
	g_autofree char *anywhere =
		strpbrk(text, "*?") ? g_strdup(text) : g_strdup_printf("*%s*", text);

	return g_pattern_spec_new(anywhere);
}

static bool filter_init(struct filter *filter, const struct cli_args *args, GError **error)
{
	const char *title = cli_value(args, "title");

	if (title)
		filter->title = title_pattern(title);
	return parse_time(args, "since", &filter->since, error) &&
	       parse_time(args, "until", &filter->until, error) &&
	       cli_number(args, "newest", 1, G_MAXUINT, &filter->newest, error);
}

static bool passes(const struct filter *filter, const struct store_entry *entry)
{
	g_autoptr(GDateTime) time = dumps_time(entry);

	if (filter->since && g_date_time_compare(time, filter->since) < 0)
		return false;
	if (filter->until && g_date_time_compare(time, filter->until) > 0)
		return false;
	return !filter->title || g_pattern_spec_match_string(filter->title, dumps_title(entry));
}

static void apply(const struct filter *filter, GPtrArray *entries)
{
	for (guint i = entries->len; i-- > 0;) {
		if (!passes(filter, entries->pdata[i]))
			g_ptr_array_remove_index(entries, i);
	}
	if (filter->newest && entries->len > filter->newest)
		g_ptr_array_remove_range(entries, 0, entries->len - filter->newest);
}

static void print_entries(struct session *session, GPtrArray *entries)
{
	static const char *const titles[] = {"Id", "Domain", "Time", "Title", NULL};
	g_autoptr(Table) table = table_new(titles);

	for (guint i = 0; i < entries->len; i++) {
		const struct store_entry *entry = entries->pdata[i];
		g_autoptr(GDateTime) time = dumps_time(entry);
		g_autofree char *text = g_date_time_format_iso8601(time);
		g_autofree char *shown = local_time(text);

		table_add(table, entry->id, entry->domain, shown, dumps_title(entry));
	}
	table_print(table, session->quiet);
}

static void print_entries_as_json(GPtrArray *entries)
{
	JsonNode *node = json_node_new(JSON_NODE_ARRAY);
	JsonArray *array = json_array_new();

	for (guint i = 0; i < entries->len; i++)
		json_array_add_element(array, dumps_to_json(entries->pdata[i]));
	json_node_take_array(node, array);
	print_json(node);
}

/* --- equal titles as one --- */

struct group {
	guint count;
	const struct store_entry *newest;
};

static int compare_groups(const void *a, const void *b)
{
	const struct group *left = *(struct group *const *)a;
	const struct group *right = *(struct group *const *)b;

	return (left->count > right->count) - (left->count < right->count);
}

/* Array of struct group *, the most frequent last. */
static GPtrArray *group(GPtrArray *entries)
{
	GPtrArray *groups = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GHashTable) by_title = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < entries->len; i++) {
		const struct store_entry *entry = entries->pdata[i];
		char *title = (char *)dumps_title(entry);
		struct group *found = g_hash_table_lookup(by_title, title);

		if (!found) {
			found = g_new0(struct group, 1);
			g_hash_table_insert(by_title, title, found);
			g_ptr_array_add(groups, found);
		}
		found->count++;
		found->newest = entry;
	}
	g_ptr_array_sort(groups, compare_groups);
	return groups;
}

static void print_groups(struct session *session, GPtrArray *entries)
{
	static const char *const titles[] = {"Count", "Newest", "Domain", "Title", NULL};
	g_autoptr(GPtrArray) groups = group(entries);
	g_autoptr(Table) table = table_new(titles);

	for (guint i = 0; i < groups->len; i++) {
		const struct group *at = groups->pdata[i];
		g_autofree char *count = g_strdup_printf("%u", at->count);

		table_add(table, count, at->newest->id, at->newest->domain,
			  dumps_title(at->newest));
	}
	table_print(table, session->quiet);
}

static void print_groups_as_json(GPtrArray *entries)
{
	g_autoptr(GPtrArray) groups = group(entries);
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

static bool run(struct session *session, const struct cli_args *args, GError **error)
{
	g_autoptr(GPtrArray) entries = NULL;
	struct filter filter = {0};
	bool json = cli_has(args, "json");

	if (filter_init(&filter, args, error))
		entries = dumps_list(session, cli_operands(args)[0], error);
	if (entries) {
		apply(&filter, entries);
		pager_open(!cli_has(args, "no-pager") && !json);
		if (cli_has(args, "count"))
			json ? print_groups_as_json(entries) : print_groups(session, entries);
		else
			json ? print_entries_as_json(entries) : print_entries(session, entries);
	}
	filter_clear(&filter);
	return entries != NULL;
}

static const struct cli_option options[] = {
	{"since", 'S', "TIME", CLI_NONE, "only from TIME on: " WHEN_SYNTAX},
	{"until", 'U', "TIME", CLI_NONE, "only up to TIME"},
	{"title", 0, "TEXT", CLI_NONE, "only titles with TEXT in them; * and ? are wildcards"},
	{"newest", 'n', "N", CLI_NONE, "only the N newest"},
	{"count", 0, NULL, CLI_NONE, "one line for equal titles, with their number"},
	{"json", 0, NULL, CLI_NONE, "as JSON"},
	{"no-pager", 0, NULL, CLI_NONE, "never through a pager"},
	{NULL, 0, NULL, 0, NULL},
};

const struct verb verb_list = {
	.name = "list",
	.operands = "[DOMAIN]",
	.operand_kind = CLI_DUMP,
	.max_operands = 1,
	.summary = "the dumps there are, newest last",
	.description =
		"One line a dump: its id, domain, local time and title, the newest last. The id "
		"begins with the time in UTC.",
	.options = options,
	.run = run,
};
