/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "common/options.h"
#include "common/sanitize.h"

/* Skips a name that a shell would have to quote or that is not safe for a terminal. */
static void offer(const char *candidate, const char *beginning)
{
	if (g_str_has_prefix(candidate, beginning) && text_is_clean(candidate, strlen(candidate)) &&
	    !strchr(candidate, '\n'))
		puts(candidate);
}

static void offer_words(const char *words, const char *beginning)
{
	g_auto(GStrv) list = g_strsplit(words, "|", -1);

	for (char **word = list; *word; word++)
		offer(*word, beginning);
}

static void offer_domains(struct session *session, enum cli_kind kind, const char *beginning)
{
	virConnectPtr connection = session_connect(session, NULL);
	unsigned int which = kind == CLI_RUNNING ? VIR_CONNECT_LIST_DOMAINS_ACTIVE : 0;
	virDomainPtr *domains = NULL;
	int count = connection ? virConnectListAllDomains(connection, &domains, which) : 0;

	for (int i = 0; i < count; i++) {
		offer(virDomainGetName(domains[i]), beginning);
		virDomainFree(domains[i]);
	}
	free(domains);
}

/* @domain: only its dumps; NULL: dumps of all domains. */
static void offer_dumps(struct session *session, enum cli_kind kind, const char *domain,
			const char *beginning)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GPtrArray) entries = NULL;

	if (session_is_remote(session))
		return;
	entries = store_list(session_store(session), domain, NULL);
	for (guint i = 0; entries && i < entries->len; i++) {
		const struct store_entry *entry = entries->pdata[i];

		if (kind != CLI_STORED)
			offer(entry->id, beginning);
		if (kind != CLI_ID && g_hash_table_add(seen, entry->domain))
			offer(entry->domain, beginning);
	}
}

/* @beginning may contain complete words before its last comma. Does not offer them again. */
static void offer_incidents(unsigned int kinds, const char *beginning)
{
	const char *comma = strrchr(beginning, ',');
	g_autofree char *words = incidents_to_words(kinds, "|");
	g_autofree char *before = g_strndup(beginning, comma ? comma + 1 - beginning : 0);
	g_auto(GStrv) given = g_strsplit(before, ",", -1);
	g_auto(GStrv) list = g_strsplit(words, "|", -1);

	for (char **word = list; *word; word++) {
		g_autofree char *candidate = g_strconcat(before, *word, NULL);

		if (!g_strv_contains((const char *const *)given, *word))
			offer(candidate, beginning);
	}
}

static void offer_kind(struct session *session, enum cli_kind kind, const char *value,
		       const char *domain, const char *beginning)
{
	switch (kind) {
	case CLI_DOMAIN:
	case CLI_RUNNING:
		offer_domains(session, kind, beginning);
		break;
	case CLI_STORED:
	case CLI_ID:
	case CLI_DUMP:
		offer_dumps(session, kind, domain, beginning);
		break;
	case CLI_WORDS:
		offer_words(value, beginning);
		break;
	case CLI_INCIDENTS:
		offer_incidents(OPTIONS_KINDS_STORED, beginning);
		break;
	case CLI_KINDS:
		offer_words("auto|all", beginning);
		offer_incidents(OPTIONS_KINDS, beginning);
		break;
	case CLI_FILE: /* the shell itself completes files */
	case CLI_NONE:
		break;
	}
}

static const struct cli_option *option_of(GArray *options, const char *word)
{
	for (guint i = 0; i < options->len; i++) {
		const struct cli_option *option = &g_array_index(options, struct cli_option, i);

		if (g_str_has_prefix(word, "--") && strcmp(word + 2, option->name) == 0)
			return option;
		if (word[0] == '-' && option->letter && word[1] == option->letter && !word[2])
			return option;
	}
	return NULL;
}

/* The meaning of the words before the one to complete. */
struct given {
	const struct verb *verb;
	guint operands;
	bool without_operands; /* an option replaces the operands */
	const char *domain;    /* the value of --domain; NULL: missing */
	GPtrArray *options;    /* of const struct cli_option * */
};

static void note_option(struct given *given, const struct cli_option *option, const char *value)
{
	g_ptr_array_add(given->options, (void *)option);
	given->without_operands =
		given->without_operands || cli_replaces_operands(given->verb, option->name);
	if (value && strcmp(option->name, "domain") == 0)
		given->domain = value;
}

/* Notes @words up to @end, which is a word, too. */
static void note_words(struct given *given, GArray *options, char **words, char **end)
{
	bool options_end = false;

	for (; words < end; words++) {
		const struct cli_option *option = option_of(options, *words);
		bool has_value = option && cli_takes_word(option, words[1]);

		if (options_end || (*words)[0] != '-' || !(*words)[1])
			given->operands++;
		else if (strcmp(*words, "--") == 0)
			options_end = true;
		else if (option)
			note_option(given, option, has_value ? words[1] : NULL);
		if (!options_end && has_value)
			words++;
	}
}

/* An option is offered once, and only if no option excludes it. */
static bool is_possible(const struct given *given, const struct cli_option *option)
{
	for (guint i = 0; i < given->options->len; i++) {
		const struct cli_option *other = given->options->pdata[i];

		if (strcmp(other->name, option->name) == 0 ||
		    cli_excludes(given->verb, other->name, option->name))
			return false;
	}
	return given->operands == 0 || !cli_replaces_operands(given->verb, option->name);
}

static void offer_operand(struct session *session, const struct given *given, const char *beginning)
{
	const struct verb *verb = given->verb;
	bool is_file = verb->last_is_file && given->operands + 1 == verb->max_operands;

	if (given->operands < verb->max_operands && !is_file && !given->without_operands)
		offer_kind(session, verb->operand_kind, NULL, given->domain, beginning);
}

static void offer_options(GArray *options, const struct given *given, const char *beginning)
{
	for (guint i = 0; i < options->len; i++) {
		const struct cli_option *option = &g_array_index(options, struct cli_option, i);
		g_autofree char *text = g_strconcat("--", option->name, NULL);

		if (is_possible(given, option))
			offer(text, beginning);
	}
}

/* @words: the words after the verb; the last one is to be completed. */
static void complete_verb(struct session *session, const struct verb *verb, char **words)
{
	g_autoptr(GArray) options = cli_verb_options(verb);
	char **last = words + g_strv_length(words) - 1;
	const struct cli_option *option = last > words ? option_of(options, last[-1]) : NULL;

	g_autoptr(GPtrArray) given_options = g_ptr_array_new();
	struct given given = {.verb = verb, .options = given_options};

	if (option && cli_takes_word(option, *last)) {
		offer_kind(session, option->kind, option->value, NULL, *last);
		return;
	}
	note_words(&given, options, words, last);
	if ((*last)[0] == '-')
		offer_options(options, &given, *last);
	else
		offer_operand(session, &given, *last);
}

static void offer_global_options(const char *beginning)
{
	for (const struct cli_option *option = cli_global_options; option->name; option++) {
		g_autofree char *text = g_strconcat("--", option->name, NULL);

		offer(text, beginning);
	}
}

static void offer_verbs(const char *beginning)
{
	for (size_t i = 0; cli_verbs[i]; i++)
		offer(cli_verbs[i]->name, beginning);
}

/* Takes virsh's own options, which are before the verb, as far as they matter here. */
static char **take_globals(struct session *session, char **words)
{
	for (; words[0] && words[0][0] == '-' && words[1]; words++) {
		char **field = NULL;

		if (strcmp(words[0], "-D") == 0 || strcmp(words[0], "--directory") == 0)
			field = &session->directory;
		else if (strcmp(words[0], "-c") == 0 || strcmp(words[0], "--connect") == 0)
			field = &session->uri;
		if (!field)
			continue;
		words++;
		g_free(*field);
		*field = g_strdup(words[0]);
		if (!words[1])
			return words + 1;
	}
	return words;
}

bool complete(struct session *session, char **words)
{
	const struct verb *verb;
	guint count;

	if (*words && strcmp(*words, "--") == 0)
		words++;
	words = take_globals(session, words);
	count = g_strv_length(words);
	if (count == 0)
		return true;
	session->readonly = true;
	verb = count > 1 ? cli_find_verb(words[0]) : NULL;
	if (verb)
		complete_verb(session, verb, words + 1);
	else if (count == 1 && words[0][0] == '-')
		offer_global_options(words[0]);
	else if (count == 1 || (count == 2 && strcmp(words[0], "help") == 0))
		offer_verbs(words[count - 1]);
	if (count == 1)
		offer("help", words[0]);
	return true;
}
