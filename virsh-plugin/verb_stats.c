/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "dumps.h"
#include "groups.h"
#include "output.h"
#include "selection.h"
#include "verbs.h"

/* Maximum number of names in a table cell; the rest is a count. */
#define MAX_NAMES 2

/* "web1, web2 +3" for @count names; NULL: none is known. */
static char *names_text(const GPtrArray *names, guint count)
{
	GString *text = g_string_new(NULL);
	guint shown = MIN(names->len, MAX_NAMES);

	for (guint i = 0; i < shown; i++)
		g_string_append_printf(text, "%s%s", i ? ", " : "", (char *)names->pdata[i]);
	if (count > shown)
		g_string_append_printf(text, " +%u", count - shown);
	return g_string_free(text, names->len == 0);
}

/* "12 (+3)": hosts, and how many are new in the last seven days. */
static char *hosts_text(const struct group *group)
{
	return g_strdup_printf("%u (+%u)", group->num_hosts, group->new_hosts);
}

/* "5 (+3)": in the last seven days, and the difference to the seven days before. */
static char *trend_text(const struct group *group)
{
	return g_strdup_printf("%u (%+d)", group->week, (int)group->week - (int)group->week_before);
}

static char *time_text(GDateTime *time)
{
	g_autoptr(GDateTime) local = g_date_time_to_local(time);

	return g_date_time_format(local, "%Y-%m-%d %H:%M");
}

enum column {
	END,
	COUNT,
	WEEK,
	FIRST,
	LAST,
	HOSTS, /* if the dumps are from several hosts */
	DOMAINS,
	KERNELS,
	BUGS,
	KEY,
	TITLE,
	NUM_COLUMNS,
};

static const char *const titles[NUM_COLUMNS] = {
	[COUNT] = "Count",     [WEEK] = "7 days",     [FIRST] = "First",
	[LAST] = "Last",       [HOSTS] = "Hosts",     [BUGS] = "Bugs",
	[DOMAINS] = "Domains", [KERNELS] = "Kernels", [TITLE] = "Title",
};

/* The title of the first column. */
static const char *const key_titles[NUM_GROUPINGS] = {
	[GROUP_BY_BUG] = "Fingerprint", [GROUP_BY_TITLE] = "Title", [GROUP_BY_DOMAIN] = "Domain",
	[GROUP_BY_KERNEL] = "Kernel",	[GROUP_BY_DAY] = "Day",	    [GROUP_BY_HOST] = "Host",
};

static const enum column layouts[NUM_GROUPINGS][NUM_COLUMNS] = {
	[GROUP_BY_BUG] = {COUNT, WEEK, FIRST, LAST, HOSTS, DOMAINS, KERNELS, KEY, TITLE},
	[GROUP_BY_TITLE] = {COUNT, WEEK, FIRST, LAST, HOSTS, DOMAINS, KERNELS, KEY},
	[GROUP_BY_DOMAIN] = {COUNT, WEEK, FIRST, LAST, KEY, BUGS, KERNELS},
	[GROUP_BY_KERNEL] = {COUNT, WEEK, FIRST, LAST, KEY, BUGS, HOSTS, DOMAINS},
	[GROUP_BY_DAY] = {COUNT, KEY, BUGS, HOSTS, DOMAINS, KERNELS},
	[GROUP_BY_HOST] = {COUNT, WEEK, FIRST, LAST, KEY, BUGS, DOMAINS, KERNELS},
};

static char *cell_text(enum column column, const struct group *group)
{
	switch (column) {
	case COUNT:
		return g_strdup_printf("%u", group->count);
	case WEEK:
		return trend_text(group);
	case FIRST:
		return time_text(group->first);
	case LAST:
		return time_text(group->last);
	case HOSTS:
		return hosts_text(group);
	case DOMAINS:
		return names_text(group->domains, group->num_domains);
	case KERNELS:
		return names_text(group->kernels, group->kernels->len);
	case BUGS:
		return g_strdup_printf("%u", group->bugs->len);
	case KEY:
		return g_strdup(group->key);
	default:
		return g_strdup(dumps_title(group->newest));
	}
}

/* The columns to show for @by, up to END. */
static void columns_of(struct session *session, enum grouping by, enum column *columns)
{
	guint count = 0;

	for (const enum column *at = layouts[by]; *at != END; at++) {
		if (*at != HOSTS || session->journal)
			columns[count++] = *at;
	}
	columns[count] = END;
}

static void add_group(struct table *table, const enum column *columns, const struct group *group)
{
	g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);

	for (; *columns != END; columns++)
		g_ptr_array_add(cells, cell_text(*columns, group));
	table_add_row(table, (const char *const *)cells->pdata);
}

static struct table *make_table(const enum column *columns, enum grouping by)
{
	const char *shown[NUM_COLUMNS + 1] = {NULL};

	for (guint i = 0; columns[i] != END; i++)
		shown[i] = columns[i] == KEY ? key_titles[by] : titles[columns[i]];
	return table_new(shown);
}

static void print_table(struct session *session, const GPtrArray *groups, enum grouping by)
{
	enum column columns[NUM_COLUMNS + 1];
	g_autoptr(Table) table = NULL;

	columns_of(session, by, columns);
	table = make_table(columns, by);
	for (guint i = 0; i < groups->len; i++)
		add_group(table, columns, groups->pdata[i]);
	table_print(table, session->quiet);
	if (session->journal && by == GROUP_BY_BUG && !session->quiet)
		print_hint("'virsh oopsbt list --journal --fingerprint DIGITS' shows which hosts "
			   "have the dumps of a bug");
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

static void set_hosts(JsonObject *object, const struct group *group)
{
	set_names(object, "hosts", group->hosts);
	json_object_set_int_member(object, "num_hosts", group->num_hosts);
	json_object_set_int_member(object, "new_hosts", group->new_hosts);
	json_object_set_int_member(object, "num_domains", group->num_domains);
}

static JsonObject *group_to_json(const struct group *group, enum grouping by)
{
	const char *key = by == GROUP_BY_BUG ? "fingerprint" : grouping_word(by);
	JsonObject *object = json_object_new();

	set_string(object, key, group->key);
	json_object_set_int_member(object, "count", group->count);
	json_object_set_int_member(object, "last_7_days", group->week);
	json_object_set_int_member(object, "previous_7_days", group->week_before);
	set_time(object, "first", group->first);
	set_time(object, "last", group->last);
	if (group->num_hosts > 0)
		set_hosts(object, group);
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
	g_set_error(
		error, CLI_ERROR, CLI_ERROR_USAGE,
		"option --by cannot be '%s': it takes one of bug, title, domain, kernel, day, host",
		word);
	return false;
}

static bool check_by(struct session *session, enum grouping by, GError **error)
{
	if (by != GROUP_BY_HOST || session->journal)
		return true;
	g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
		    "option --by host needs --journal: the other dumps are of one host");
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

	if (!parse_by(args, &by, error) || !selection_init(&selection, args, error) ||
	    !dumps_take_journal(session, args, error) || !check_by(session, by, error))
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
	DUMPS_JOURNAL_OPTION,
	{"json", 0, NULL, CLI_NONE, "as JSON"},
	{"no-pager", 0, NULL, CLI_NONE, "print without a pager"},
	{NULL, 0, NULL, 0, NULL},
};

const struct verb verb_stats = {
	.name = "stats",
	.operands = "[DOMAIN...]",
	.operand_kind = CLI_STORED,
	.max_operands = G_MAXUINT,
	.summary = "show how often each bug was seen, on which domains and kernels",
	.description =
		"One line a bug: how many dumps there are of it, how many of them are of the last "
		"seven days (and how many more or fewer than in the seven days before), when it "
		"was first and last seen, the domains and kernels, its fingerprint and the title "
		"of its newest dump. The most frequent is the last.\n\n"
		"It counts the dumps that are still stored, and the records in them. Dumps of one "
		"bug have one fingerprint. Dumps of older versions have none and count by their "
		"title.\n\n"
		"With --journal the lines cover all hosts whose journals are in a directory, "
		"as systemd-journal-remote collects them. The column Hosts says how many hosts "
		"have "
		"seen the bug and, in parentheses, how many of them saw it first in the last seven "
		"days. All dumps in the journals count, also those that a host has removed "
		"meanwhile.",
	.options = options,
	.shared_options = selection_options,
	.run = run,
};
