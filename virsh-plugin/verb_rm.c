/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dumps.h"
#include "output.h"
#include "selection.h"
#include "verbs.h"
#include "when.h"

static void add(GPtrArray *chosen, struct store_entry *entry)
{
	for (guint i = 0; i < chosen->len; i++) {
		if (strcmp(((struct store_entry *)chosen->pdata[i])->id, entry->id) == 0) {
			store_entry_free(entry);
			return;
		}
	}
	g_ptr_array_add(chosen, entry);
}

static bool check_domain(const struct cli_args *args, const struct store_entry *entry,
			 GError **error)
{
	const char *domain = cli_value(args, "domain");

	if (!domain || store_entry_is_of(entry, domain))
		return true;
	g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
		    "dump %s is of domain '%s', not of '%s': nothing was removed", entry->id,
		    entry->domain, domain);
	return false;
}

/*
 * In other verbs a domain's name means its newest dump. rm does not accept it, since users rarely
 * want to remove that one.
 */
static bool choose_by_id(struct session *session, const struct cli_args *args, GPtrArray *chosen,
			 GError **error)
{
	for (char **id = cli_operands(args); *id; id++) {
		struct store_entry *entry = dumps_find(session, *id, error);

		if (!entry)
			return false;
		if (store_entry_is_of(entry, *id)) {
			g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
				    "'%s' is a domain; give the ids of its dumps, or --domain %s "
				    "with --older-than or --keep",
				    *id, *id);
			store_entry_free(entry);
			return false;
		}
		if (!check_domain(args, entry, error)) {
			store_entry_free(entry);
			return false;
		}
		add(chosen, entry);
	}
	return true;
}

static bool parse_age(const struct cli_args *args, GDateTime **limit, GError **error)
{
	const char *text = cli_value(args, "older-than");
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	GTimeSpan span;

	if (when_parse_span(text, &span))
		*limit = g_date_time_add(now, -span);
	else
		*limit = when_parse(text, now);
	if (*limit)
		return true;
	g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
		    "option --older-than cannot be '%s': it takes an age such as '7d' or '12h', or "
		    "a time such as " WHEN_SYNTAX,
		    text);
	return false;
}

/* Counts down how many dumps of each domain may stay, from the newest on. */
static bool is_kept(GHashTable *counts, const struct store_entry *entry, guint64 keep)
{
	char *domain = entry->uuid ? entry->uuid : entry->domain;
	guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, domain));

	g_hash_table_insert(counts, domain, GUINT_TO_POINTER(count + 1));
	return count < keep;
}

static bool choose_by_rule(struct session *session, const struct cli_args *args, GPtrArray *chosen,
			   GError **error)
{
	g_autoptr(GHashTable) counts = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GPtrArray) entries = NULL;
	g_autoptr(GDateTime) limit = NULL;
	g_auto(Selection) selection = {0};
	char *domains[] = {(char *)cli_value(args, "domain"), NULL};
	guint64 keep = 0;

	if (!selection_init(&selection, args, error))
		return false;
	if (cli_has(args, "older-than") && !parse_age(args, &limit, error))
		return false;
	if (!cli_number(args, "keep", 0, G_MAXUINT, &keep, error))
		return false;
	entries = dumps_list_of(session, domains, error);
	if (!entries)
		return false;
	selection_apply(&selection, entries);
	for (guint i = entries->len; i-- > 0;) {
		const struct store_entry *entry = entries->pdata[i];
		g_autoptr(GDateTime) time = dumps_time(entry);

		if (limit && g_date_time_compare(time, limit) >= 0)
			continue;
		if (cli_has(args, "keep") && is_kept(counts, entry, keep))
			continue;
		g_ptr_array_insert(chosen, 0, g_ptr_array_index(entries, i));
	}
	/* The other array owns the chosen entries now. */
	g_ptr_array_set_free_func(entries, NULL);
	for (guint i = 0; i < entries->len; i++) {
		if (!g_ptr_array_find(chosen, entries->pdata[i], NULL))
			store_entry_free(entries->pdata[i]);
	}
	return true;
}

static bool confirmed(const struct cli_args *args, GPtrArray *chosen)
{
	char answer[16] = "";

	if (cli_has(args, "yes") || !isatty(STDIN_FILENO) || chosen->len == 0)
		return true;
	for (guint i = 0; i < chosen->len; i++) {
		const struct store_entry *entry = chosen->pdata[i];

		print_clean(" %s   %s   %s\n", entry->id, entry->domain, dumps_title(entry));
	}
	printf("Remove %u dump%s? [y/N] ", chosen->len, chosen->len == 1 ? "" : "s");
	fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/*
 * Without --older-than and --keep, or with --keep 0, the newest dumps would be removed, too: a
 * forgotten option must not cause that.
 */
static bool takes_the_newest(const struct cli_args *args)
{
	guint64 keep = 0;

	return cli_num_operands(args) == 0 && !cli_has(args, "older-than") &&
	       cli_number(args, "keep", 0, G_MAXUINT, &keep, NULL) && keep == 0;
}

static bool may_remove(const struct cli_args *args, GPtrArray *chosen, GError **error)
{
	if (takes_the_newest(args) && chosen->len > 0 && !cli_has(args, "yes") &&
	    !isatty(STDIN_FILENO)) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "this removes %u dump%s, the newest too: nothing was removed\n"
			    "add --yes if that is meant",
			    chosen->len, chosen->len == 1 ? "" : "s");
		return false;
	}
	if (confirmed(args, chosen))
		return true;
	g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED, "nothing was removed");
	return false;
}

static bool remove_each(struct session *session, const GPtrArray *chosen, GError **error)
{
	for (guint i = 0; i < chosen->len; i++) {
		const struct store_entry *entry = chosen->pdata[i];
		g_autoptr(GError) local = NULL;

		if (!store_remove(session_store(session), entry, &local))
			return dumps_fail(session, error, local);
		if (!session->quiet)
			print_clean("Dump %s removed\n", entry->id);
	}
	return true;
}

static bool remove_chosen(struct session *session, const GPtrArray *chosen, GError **error)
{
	bool removed = remove_each(session, chosen, error);

	if (chosen->len > 0)
		store_publish(session_store(session));
	else if (!session->quiet)
		print_clean("No dump to remove\n");
	return removed;
}

static bool run(struct session *session, const struct cli_args *args, GError **error)
{
	g_autoptr(GPtrArray) chosen =
		g_ptr_array_new_with_free_func((GDestroyNotify)store_entry_free);
	bool by_rule =
		cli_has(args, "older-than") || cli_has(args, "keep") || selection_is_given(args);
	bool chose;

	if (by_rule == (cli_num_operands(args) > 0)) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
			    by_rule ? "give either ids, or options that select dumps"
				    : "say what to remove: ids, --older-than, --keep, --until or "
				      "another option that selects dumps");
		return false;
	}
	if (!dumps_require_local(session, "removing dumps", error))
		return false;
	if (by_rule)
		chose = choose_by_rule(session, args, chosen, error);
	else
		chose = choose_by_id(session, args, chosen, error);
	if (!chose)
		return false;
	if (!may_remove(args, chosen, error))
		return false;
	return remove_chosen(session, chosen, error);
}

static const struct cli_option options[] = {
	{"older-than", 0, "AGE", CLI_NONE, "all older than AGE, '7d' or '12h'"},
	{"keep", 0, "N", CLI_NONE,
	 "all but the N newest of each domain, among those that the other options "
	 "select"},
	{"domain", 0, "DOMAIN", CLI_STORED,
	 "only dumps of this domain; an id of another one's is an error"},
	{"yes", 'y', NULL, CLI_NONE, "do not ask"},
	{NULL, 0, NULL, 0, NULL},
};

const struct verb verb_rm = {
	.name = "rm",
	.operands = "ID...",
	.operand_kind = CLI_ID,
	.max_operands = G_MAXUINT,
	.summary = "remove dumps",
	.description =
		"Removes dumps by id, by age, beyond a number, or by what they are; on a terminal "
		"it shows them and asks first. Of several options, a dump must match all. Without "
		"a "
		"terminal, --yes is needed if neither --older-than nor a --keep of 1 or more is "
		"given.",
	.options = options,
	.shared_options = selection_options,
	.without_operands = "older-than|keep|since|until|kind|title|fingerprint",
	.run = run,
};
