/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "dumps.h"
#include "groups.h"
#include "output.h"
#include "selection.h"
#include "verbs.h"

/* Names in a cell of a table; the others are a number. */
#define MAX_NAMES 2

/* "web1, web2 +3"; NULL: none is known. */
static char *names_text(const GPtrArray *names)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < MIN(names->len, MAX_NAMES); i++)
		g_string_append_printf(text, "%s%s", i ? ", " : "", (char *)names->pdata[i]);
	if (names->len > MAX_NAMES)
		g_string_append_printf(text, " +%u", names->len - MAX_NAMES);
	return g_string_free(text, names->len == 0);
}

/* "5 (+3)": in the last seven days, and against those before. */
static char *trend_text(const struct group *group)
{
	return g_strdup_printf("%u (%+d)", group->week, (int)group->week - (int)group->week_before);
}

static char *time_text(GDateTime *time)
{
	g_autoptr(GDateTime) local = g_date_time_to_local(time);

	return g_date_time_format(local, "%Y-%m-%d %H:%M");
}

static void add_group(struct table *table, enum grouping by, const struct group *group)
{
	g_autofree char *count = g_strdup_printf("%u", group->count);
	g_autofree char *bugs = g_strdup_printf("%u", group->bugs->len);
	g_autofree char *week = trend_text(group);
	g_autofree char *first = time_text(group->first), *last = time_text(group->last);
	g_autofree char *domains = names_text(group->domains);
	g_autofree char *kernels = names_text(group->kernels);

	switch (by) {
	case GROUP_BY_DAY:
		table_add(table, count, group->key, bugs, domains, kernels);
		break;
	case GROUP_BY_DOMAIN:
		table_add(table, count, week, first, last, group->key, bugs, kernels);
		break;
	case GROUP_BY_KERNEL:
		table_add(table, count, week, first, last, group->key, bugs, domains);
		break;
	case GROUP_BY_TITLE:
		table_add(table, count, week, first, last, domains, kernels, group->key);
		break;
	default:
		table_add(table, count, week, first, last, domains, kernels, group->key,
			  dumps_title(group->newest));
		break;
	}
}

static void print_table(struct session *session, const GPtrArray *groups, enum grouping by)
{
	static const char *const columns[NUM_GROUPINGS][9] = {
		[GROUP_BY_BUG] = {"Count", "7 days", "First", "Last", "Domains", "Kernels",
				  "Fingerprint", "Title"},
		[GROUP_BY_TITLE] = {"Count", "7 days", "First", "Last", "Domains", "Kernels",
				    "Title"},
		[GROUP_BY_DOMAIN] = {"Count", "7 days", "First", "Last", "Domain", "Bugs",
				     "Kernels"},
		[GROUP_BY_KERNEL] = {"Count", "7 days", "First", "Last", "Kernel", "Bugs",
				     "Domains"},
		[GROUP_BY_DAY] = {"Count", "Day", "Bugs", "Domains", "Kernels"},
	};
	g_autoptr(Table) table = table_new(columns[by]);

	for (guint i = 0; i < groups->len; i++)
		add_group(table, by, groups->pdata[i]);
	table_print(table, session->quiet);
}

static void set_string(JsonObject *object, const char *name, const char *value)
{
	if (value)
		json_object_set_string_member(object, name, value);
	else
		json_object_set_null_member(object, name);
}

static void set_time(JsonObject *object, const char *name, GDateTime *time)
{
	g_autoptr(GDateTime) utc = g_date_time_to_utc(time);
	g_autofree char *text = g_date_time_format_iso8601(utc);

	json_object_set_string_member(object, name, text);
}

static void set_names(JsonObject *object, const char *name, const GPtrArray *names)
{
	JsonArray *array = json_array_new();

	for (guint i = 0; i < names->len; i++)
		json_array_add_string_element(array, names->pdata[i]);
	json_object_set_array_member(object, name, array);
}

static JsonObject *group_to_json(const struct group *group, enum grouping by)
{
	const char *key = by == GROUP_BY_BUG ? "fingerprint" : grouping_word(by);
	JsonObject *object = json_object_new();

	set_string(object, key, group->key);
	json_object_set_int_member(object, "count", group->count);
	json_object_set_int_member(object, "last_7_days", group->week);
	json_object_set_int_member(object, "7_days_before", group->week_before);
	set_time(object, "first", group->first);
	set_time(object, "last", group->last);
	set_names(object, "domains", group->domains);
	set_names(object, "kernels", group->kernels);
	json_object_set_int_member(object, "bugs", group->bugs->len);
	json_object_set_member(object, "newest", dumps_to_json(group->newest));
	return object;
}

static void print_as_json(const GPtrArray *groups, enum grouping by)
{
	JsonNode *node = json_node_new(JSON_NODE_ARRAY);
	JsonArray *array = json_array_new();

	for (guint i = 0; i < groups->len; i++)
		json_array_add_object_element(array, group_to_json(groups->pdata[i], by));
	json_node_take_array(node, array);
	print_json(node);
}

static bool parse_by(const struct cli_args *args, enum grouping *by, GError **error)
{
	const char *word = cli_value(args, "by");

	*by = GROUP_BY_BUG;
	if (!word || grouping_parse(word, by))
		return true;
	g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
		    "option --by cannot be '%s': it takes one of bug, title, domain, kernel, day",
		    word);
	return false;
}

static bool run(struct session *session, const struct cli_args *args, GError **error)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_auto(Selection) selection = {0};
	g_autoptr(GPtrArray) entries = NULL;
	g_autoptr(GPtrArray) groups = NULL;
	bool json = cli_has(args, "json");
	enum grouping by;

	if (!parse_by(args, &by, error) || !selection_init(&selection, args, error))
		return false;
	entries = dumps_list_of(session, cli_operands(args), error);
	if (!entries)
		return false;
	selection_apply(&selection, entries);
	groups = groups_make(entries, by, now);
	if (cli_has(args, "reverse"))
		groups_reverse(groups);
	pager_open(!cli_has(args, "no-pager") && !json);
	if (json)
		print_as_json(groups, by);
	else
		print_table(session, groups, by);
	return true;
}

static const struct cli_option options[] = {
	{"by", 0, GROUPING_WORDS, CLI_WORDS, "what one line is for (default: bug)"},
	{"reverse", 'r', NULL, CLI_NONE, "the most frequent first, or the newest day"},
	{"json", 0, NULL, CLI_NONE, "as JSON"},
	{"no-pager", 0, NULL, CLI_NONE, "never through a pager"},
	{NULL, 0, NULL, 0, NULL},
};

const struct verb verb_stats = {
	.name = "stats",
	.operands = "[DOMAIN...]",
	.operand_kind = CLI_STORED,
	.max_operands = G_MAXUINT,
	.summary = "how often each bug was seen, on which domains and kernels",
	.description =
		"One line a bug: how many dumps there are of it, how many of them are of the last "
		"seven days (and how many more or fewer than in the seven days before), when it "
		"was first and last seen, the domains and kernels, its fingerprint and the title "
		"of its newest dump. The most frequent is the last.\n\n"
		"Only dumps that are still stored count. Dumps have one fingerprint if they are "
		"of one bug; those of older versions have none, and count by their title.",
	.options = options,
	.shared_options = selection_options,
	.run = run,
};
