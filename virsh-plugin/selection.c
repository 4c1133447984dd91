/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "selection.h"

#include <string.h>

#include "common/options.h"
#include "dumps.h"
#include "when.h"

const struct cli_option selection_options[] = {
	{"since", 'S', "TIME", CLI_NONE, "only from TIME on: " WHEN_SYNTAX},
	{"until", 'U', "TIME", CLI_NONE, "only up to TIME"},
	{"kind", 0, "KIND[,KIND]", CLI_INCIDENTS, "only of these kinds of incident: "},
	{"title", 0, "TEXT", CLI_NONE, "only titles with TEXT in them; * and ? are wildcards"},
	{"fingerprint", 0, "DIGITS", CLI_NONE,
	 "only of the bug whose fingerprint begins with DIGITS, as stats shows it"},
	{NULL, 0, NULL, 0, NULL},
};

void selection_clear(struct selection *selection)
{
	g_clear_pointer(&selection->since, g_date_time_unref);
	g_clear_pointer(&selection->until, g_date_time_unref);
	g_clear_pointer(&selection->title, g_pattern_spec_free);
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

static bool parse_kinds(const struct cli_args *args, unsigned int *kinds, GError **error)
{
	const char *text = cli_value(args, "kind");
	g_autofree char *known = NULL;

	if (!text || incidents_from_words(text, OPTIONS_KINDS_STORED, kinds))
		return true;
	known = incidents_to_words(OPTIONS_KINDS_STORED, ", ");
	g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
		    "option --kind cannot be '%s': it takes one or more of %s, with commas between",
		    text, known);
	return false;
}

/* A title without wildcards may be anywhere in the text. */
static GPatternSpec *title_pattern(const char *text)
{
	g_autofree char *anywhere =
		strpbrk(text, "*?") ? g_strdup(text) : g_strdup_printf("*%s*", text);

	return g_pattern_spec_new(anywhere);
}

static bool check_fingerprint(const char *text, GError **error)
{
	if (!text || (*text && strspn(text, "0123456789abcdef") == strlen(text)))
		return true;
	g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
		    "option --fingerprint cannot be '%s': it takes hexadecimal digits", text);
	return false;
}

bool selection_init(struct selection *selection, const struct cli_args *args, GError **error)
{
	const char *title = cli_value(args, "title");

	*selection = (struct selection){
		.title = title ? title_pattern(title) : NULL,
		.fingerprint = cli_value(args, "fingerprint"),
	};
	return parse_time(args, "since", &selection->since, error) &&
	       parse_time(args, "until", &selection->until, error) &&
	       parse_kinds(args, &selection->kinds, error) &&
	       check_fingerprint(selection->fingerprint, error);
}

bool selection_is_given(const struct cli_args *args)
{
	for (const struct cli_option *option = selection_options; option->name; option++) {
		if (cli_has(args, option->name))
			return true;
	}
	return false;
}

char *selection_given(const struct cli_args *args)
{
	GString *text = g_string_new(NULL);

	for (const struct cli_option *option = selection_options; option->name; option++) {
		if (cli_has(args, option->name))
			g_string_append_printf(text, "%s--%s %s", text->len ? " " : "",
					       option->name, cli_value(args, option->name));
	}
	return g_string_free(text, FALSE);
}

static bool takes_kind(unsigned int kinds, const char *name)
{
	enum incident incident;

	return kinds == 0 ||
	       (name && incident_from_name(name, &incident) && kinds & 1u << incident);
}

static bool takes_time(const struct selection *selection, const struct store_entry *entry)
{
	g_autoptr(GDateTime) time = NULL;

	if (!selection->since && !selection->until)
		return true;
	time = dumps_time(entry);
	return (!selection->since || g_date_time_compare(time, selection->since) >= 0) &&
	       (!selection->until || g_date_time_compare(time, selection->until) <= 0);
}

bool selection_takes(const struct selection *selection, const struct store_entry *entry)
{
	if (!takes_time(selection, entry))
		return false;
	if (!takes_kind(selection->kinds, entry->incident))
		return false;
	if (selection->fingerprint &&
	    (!entry->fingerprint || !g_str_has_prefix(entry->fingerprint, selection->fingerprint)))
		return false;
	return !selection->title ||
	       g_pattern_spec_match_string(selection->title, dumps_title(entry));
}

/* In one pass: moves the kept entries to the front, in order. */
void selection_keep(GPtrArray *entries,
		    bool (*wanted)(const struct store_entry *entry, const void *user_data),
		    const void *user_data)
{
	guint kept = 0;

	for (guint i = 0; i < entries->len; i++) {
		void *entry = entries->pdata[i];

		if (!wanted(entry, user_data))
			continue;
		entries->pdata[i] = entries->pdata[kept];
		entries->pdata[kept++] = entry;
	}
	g_ptr_array_set_size(entries, (gint)kept);
}

static bool is_selected(const struct store_entry *entry, const void *selection)
{
	return selection_takes(selection, entry);
}

void selection_apply(const struct selection *selection, GPtrArray *entries)
{
	selection_keep(entries, is_selected, selection);
}
