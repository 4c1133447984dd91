/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli.h"

#include <string.h>

#include "common/options.h"

G_DEFINE_QUARK(oopsbt_cli_error, cli_error)

const struct cli_option cli_global_options[] = {
	{"connect", 'c', "URI", CLI_NONE, "hypervisor connection URI"},
	{"readonly", 'r', NULL, CLI_NONE, "connect readonly"},
	{"quiet", 'q', NULL, CLI_NONE, "print no headings and no notices"},
	{"timing", 't', NULL, CLI_NONE, "print how long the verb took"},
	{"directory", 'D', "DIR", CLI_FILE, "where dumps are, instead of the daemon's directory"},
	{"help", 'h', NULL, CLI_NONE, "print this help"},
	{"version", 'V', NULL, CLI_NONE, "print the version"},
	{NULL, 0, NULL, 0, NULL},
};

static const struct cli_option help_option = {
	"help", 'h', NULL, CLI_NONE, "print this help",
};

struct cli_args {
	GHashTable *values;  /* option name to text, "" for a switch */
	GPtrArray *operands; /* of char *, NULL-terminated */
};

const struct verb *cli_find_verb(const char *name)
{
	for (size_t i = 0; cli_verbs[i]; i++) {
		if (strcmp(cli_verbs[i]->name, name) == 0)
			return cli_verbs[i];
	}
	return NULL;
}

/* The text lives as long as the program, like the text of the tables. */
static const char *help_with_kinds(const char *help)
{
	g_autofree char *kinds = incidents_to_words(OPTIONS_KINDS_STORED, ", ");
	g_autofree char *text = g_strconcat(help, kinds, NULL);

	return g_intern_string(text);
}

static void append_options(GArray *options, const struct cli_option *table)
{
	for (const struct cli_option *at = table; at && at->name; at++) {
		struct cli_option option = *at;

		if (option.kind == CLI_INCIDENTS)
			option.help = help_with_kinds(option.help);
		g_array_append_val(options, option);
	}
}

/* @preset: the default value. */
static const char *help_with_preset(const char *help, const char *preset)
{
	g_autofree char *text = g_strdup_printf("%s (default: %s)", help, preset);

	return g_intern_string(text);
}

static enum cli_kind kind_of_values(const char *values)
{
	if (strstr(values, "KIND"))
		return CLI_KINDS;
	return strstr(values, "..") ? CLI_NONE : CLI_WORDS;
}

static void append_domain_options(GArray *options, enum cli_domain_options wanted)
{
	struct options presets;

	options_init(&presets);
	for (const struct option_help *at = options_help(); wanted && at->name; at++) {
		g_autofree char *preset = options_get(&presets, at->name);
		struct cli_option option = {
			.name = at->name,
			.value = at->values,
			.kind = kind_of_values(at->values),
			.help = at->text,
		};

		if (wanted == CLI_COLLECTION_OPTIONS && !at->collection)
			continue;
		/* A collection uses the domain's own options as defaults. */
		if (wanted == CLI_ALL_DOMAIN_OPTIONS)
			option.help = help_with_preset(at->text, preset);
		g_array_append_val(options, option);
	}
}

GArray *cli_verb_options(const struct verb *verb)
{
	GArray *options = g_array_new(FALSE, FALSE, sizeof(struct cli_option));

	append_options(options, verb->shared_options);
	append_options(options, verb->options);
	append_domain_options(options, verb->domain_options);
	g_array_append_val(options, help_option);
	return options;
}

/* Is @name in @names, "a|b|c" (NULL: empty)? */
static bool is_named(const char *names, const char *name)
{
	g_auto(GStrv) list = g_strsplit(names ? names : "", "|", -1);

	return g_strv_contains((const char *const *)list, name);
}

bool cli_excludes(const struct verb *verb, const char *name, const char *other)
{
	for (size_t i = 0; i < G_N_ELEMENTS(verb->choices); i++) {
		if (is_named(verb->choices[i], name) && is_named(verb->choices[i], other))
			return true;
	}
	return false;
}

bool cli_replaces_operands(const struct verb *verb, const char *name)
{
	return is_named(verb->without_operands, name);
}

/* --- suggestions --- */

/* The Levenshtein distance; words are short. */
static unsigned int distance(const char *a, const char *b)
{
	size_t width = strlen(b) + 1;
	g_autofree unsigned int *row = g_new(unsigned int, width);

	for (size_t j = 0; j < width; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		unsigned int diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 1; j < width; j++) {
			unsigned int change = diagonal + (a[i] != b[j - 1]);

			diagonal = row[j];
			row[j] = MIN(change, MIN(row[j], row[j - 1]) + 1);
		}
	}
	return row[width - 1];
}

/* @most: the largest distance of a word that is meant. */
static const char *guess_within(const char *word, const char *const *words, unsigned int most)
{
	const char *best = NULL;
	unsigned int least = most + 1;

	if (strlen(word) < 2 || strlen(word) > 64)
		return NULL;
	for (size_t i = 0; words[i]; i++) {
		unsigned int apart =
			g_str_has_prefix(words[i], word) ? 0 : distance(word, words[i]);

		if (apart < least) {
			least = apart;
			best = words[i];
		}
	}
	return best;
}

const char *cli_guess(const char *word, const char *const *words)
{
	/* Two changes would replace all of a short word. */
	return guess_within(word, words, strlen(word) < 4 ? 1 : MAX(2, strlen(word) / 3));
}

/* The verb that has this option, for hints about an option of another verb. */
static const struct verb *verb_with_option(const char *name)
{
	for (size_t i = 0; cli_verbs[i]; i++) {
		g_autoptr(GArray) options = cli_verb_options(cli_verbs[i]);

		for (guint j = 0; j < options->len; j++) {
			if (strcmp(g_array_index(options, struct cli_option, j).name, name) == 0)
				return cli_verbs[i];
		}
	}
	return NULL;
}

/* virsh's own option that @word is, which belongs before the verb; NULL: none. */
static const struct cli_option *global_option(const char *word, const char *stem)
{
	for (const struct cli_option *option = cli_global_options; option->name; option++) {
		if (word[1] == '-' ? strcmp(option->name, stem) == 0 : option->letter == word[1])
			return option;
	}
	return NULL;
}

static void set_late_option(const struct verb *verb, const struct cli_option *option,
			    const char *word, GError **error)
{
	bool is_long = word[1] == '-';
	g_autofree char *text = is_long ? g_strdup_printf("--%s", option->name)
					: g_strdup_printf("-%c", option->letter);

	g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
		    "option %s belongs before the verb: 'virsh oopsbt %s%s%s %s ...'", text, text,
		    option->value ? " " : "", option->value ? option->value : "", verb->name);
}

static void set_unknown_option(const struct verb *verb, GArray *options, const char *word,
			       GError **error)
{
	const char *name = word + strspn(word, "-");
	g_autofree char *stem = g_strndup(name, strcspn(name, "="));
	const struct cli_option *global = global_option(word, stem);
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const char *guess;
	const struct verb *other = verb_with_option(stem);
	g_autofree char *hint = NULL;

	if (global) {
		set_late_option(verb, global, word, error);
		return;
	}
	for (guint i = 0; i < options->len; i++)
		g_ptr_array_add(names, (char *)g_array_index(options, struct cli_option, i).name);
	g_ptr_array_add(names, NULL);
	/* --kind and --kinds are options of different verbs. */
	guess = guess_within(stem, (const char *const *)names->pdata, 1);
	if (!guess && !other)
		guess = cli_guess(stem, (const char *const *)names->pdata);
	if (!guess && other)
		hint = g_strdup_printf("it is an option of '%s'", other->name);
	else if (guess)
		hint = g_strdup_printf("did you mean --%s?", guess);
	else
		hint = g_strdup_printf("see 'virsh oopsbt %s --help'", verb->name);
	g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE, "'%s' has no option '%s'; %s", verb->name,
		    word, hint);
}

/* --- parsing --- */

static const struct cli_option *find_option(GArray *options, const char *name)
{
	for (guint i = 0; i < options->len; i++) {
		const struct cli_option *option = &g_array_index(options, struct cli_option, i);

		if (strcmp(option->name, name) == 0)
			return option;
	}
	return NULL;
}

static const struct cli_option *find_letter(GArray *options, char letter)
{
	for (guint i = 0; i < options->len; i++) {
		const struct cli_option *option = &g_array_index(options, struct cli_option, i);

		if (option->letter && option->letter == letter)
			return option;
	}
	return NULL;
}

/* virsh also accepts an operand by name: --domain web1 */
static bool names_operand(const struct verb *verb, const char *name)
{
	enum cli_kind kind = verb->operand_kind;
	bool is_domain =
		kind == CLI_DOMAIN || kind == CLI_RUNNING || kind == CLI_STORED || kind == CLI_DUMP;
	bool is_id = kind == CLI_ID || kind == CLI_DUMP;

	return (is_domain && strcmp(name, "domain") == 0) || (is_id && strcmp(name, "id") == 0) ||
	       (kind == CLI_FILE && strcmp(name, "file") == 0);
}

static bool is_optional(const struct cli_option *option)
{
	return option->value && option->value[0] == '[';
}

bool cli_takes_word(const struct cli_option *option, const char *word)
{
	return option->value && (!is_optional(option) || strchr(word, '/'));
}

static bool take_value(const struct verb *verb, const struct cli_option *option,
		       const char *inlined, char ***next, const char **value, GError **error)
{
	*value = "";
	if (!option->value) {
		if (!inlined)
			return true;
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE, "option --%s of '%s' takes no value",
			    option->name, verb->name);
		return false;
	}
	*value = inlined;
	if (!inlined && **next && cli_takes_word(option, **next))
		*value = *(*next)++;
	else if (!inlined && is_optional(option))
		*value = "";
	if (*value)
		return true;
	g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE, "option --%s of '%s' needs a value: %s",
		    option->name, verb->name, option->value);
	return false;
}

static bool parse_long(const struct verb *verb, GArray *options, struct cli_args *args,
		       const char *word, char ***next, GError **error)
{
	static const struct cli_option operand = {.value = "NAME"};
	const char *equals = strchr(word, '=');
	g_autofree char *name = g_strndup(word + 2, strcspn(word + 2, "="));
	const struct cli_option *option = find_option(options, name);
	bool is_operand = !option && names_operand(verb, name);
	struct cli_option named = operand;
	const char *value;

	if (!option && !is_operand) {
		set_unknown_option(verb, options, word, error);
		return false;
	}
	if (is_operand) {
		named.name = name;
		option = &named;
	}
	if (!take_value(verb, option, equals ? equals + 1 : NULL, next, &value, error))
		return false;
	if (is_operand)
		g_ptr_array_add(args->operands, g_strdup(value));
	else
		g_hash_table_insert(args->values, g_strdup(name), g_strdup(value));
	return true;
}

/* -nv, -n5 and -n 5 */
static bool parse_letters(const struct verb *verb, GArray *options, struct cli_args *args,
			  const char *word, char ***next, GError **error)
{
	for (const char *at = word + 1; *at; at++) {
		const struct cli_option *option = find_letter(options, *at);
		const char *value;

		if (!option) {
			set_unknown_option(verb, options, word, error);
			return false;
		}
		if (!take_value(verb, option, option->value && at[1] ? at + 1 : NULL, next, &value,
				error))
			return false;
		g_hash_table_insert(args->values, g_strdup(option->name), g_strdup(value));
		if (option->value)
			break;
	}
	return true;
}

static bool check_choices(const struct verb *verb, GArray *options, const struct cli_args *args,
			  GError **error)
{
	for (guint i = 0; i < options->len; i++) {
		const char *name = g_array_index(options, struct cli_option, i).name;

		if (!cli_has(args, name))
			continue;
		for (guint j = 0; j < i; j++) {
			const char *given = g_array_index(options, struct cli_option, j).name;

			if (!cli_has(args, given) || !cli_excludes(verb, given, name))
				continue;
			g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
				    "--%s and --%s exclude each other", given, name);
			return false;
		}
	}
	return true;
}

static bool check_operands(const struct verb *verb, const struct cli_args *args, GError **error)
{
	unsigned int count = cli_num_operands(args);

	if (cli_has(args, "help"))
		return true;
	if (count < verb->min_operands) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
			    "'%s' needs %s; see 'virsh oopsbt %s --help'", verb->name,
			    verb->operands, verb->name);
		return false;
	}
	if (count > verb->max_operands) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
			    "unexpected argument '%s'; see 'virsh oopsbt %s --help'",
			    (char *)args->operands->pdata[verb->max_operands], verb->name);
		return false;
	}
	return true;
}

struct cli_args *cli_parse(const struct verb *verb, char **words, GError **error)
{
	g_autoptr(CliArgs) args = g_new0(struct cli_args, 1);
	g_autoptr(GArray) options = cli_verb_options(verb);
	bool options_end = false;

	args->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	args->operands = g_ptr_array_new_with_free_func(g_free);
	while (*words) {
		const char *word = *words++;
		bool good = true;

		if (options_end || word[0] != '-' || !word[1])
			g_ptr_array_add(args->operands, g_strdup(word));
		else if (strcmp(word, "--") == 0)
			options_end = true;
		else if (word[1] == '-')
			good = parse_long(verb, options, args, word, &words, error);
		else
			good = parse_letters(verb, options, args, word, &words, error);
		if (!good)
			return NULL;
	}
	g_ptr_array_add(args->operands, NULL);
	if (!check_operands(verb, args, error) || !check_choices(verb, options, args, error))
		return NULL;
	return g_steal_pointer(&args);
}

void cli_args_free(struct cli_args *args)
{
	if (!args)
		return;
	g_hash_table_unref(args->values);
	g_ptr_array_unref(args->operands);
	g_free(args);
}

bool cli_has(const struct cli_args *args, const char *option)
{
	return g_hash_table_contains(args->values, option);
}

const char *cli_value(const struct cli_args *args, const char *option)
{
	return g_hash_table_lookup(args->values, option);
}

bool cli_number(const struct cli_args *args, const char *option, guint64 minimum, guint64 maximum,
		guint64 *number, GError **error)
{
	const char *value = cli_value(args, option);

	if (!value || g_ascii_string_to_unsigned(value, 10, minimum, maximum, number, NULL))
		return true;
	g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
		    "option --%s cannot be '%s': it takes a number from %" G_GUINT64_FORMAT
		    " to %" G_GUINT64_FORMAT,
		    option, value, minimum, maximum);
	return false;
}

char **cli_operands(const struct cli_args *args)
{
	return (char **)args->operands->pdata;
}

unsigned int cli_num_operands(const struct cli_args *args)
{
	return args->operands->len - 1;
}

bool cli_options(const struct cli_args *args, struct options *options, GError **error)
{
	for (const struct option_help *help = options_help(); help->name; help++) {
		const char *value = cli_value(args, help->name);
		g_autofree char *takes = NULL;

		if (!value || options_set(options, help->name, value, NULL))
			continue;
		takes = options_takes(help->name);
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
			    "option --%s cannot be '%s': it takes %s", help->name, value, takes);
		return false;
	}
	return true;
}

/* --- help --- */

#define HELP_COLUMN 28
#define HELP_WIDTH 80

/*
 * Appends @text wrapped to the width, each line after @indent blanks; the first starts at @column.
 */
static void append_wrapped(GString *help, const char *text, size_t indent, size_t column)
{
	g_auto(GStrv) words = g_strsplit_set(text, " \n", -1);
	bool first = true;

	for (char **word = words; *word; word++) {
		if (!**word)
			continue;
		if (!first && column + 1 + strlen(*word) > HELP_WIDTH) {
			g_string_append_printf(help, "\n%*s", (int)indent, "");
			column = indent;
			first = true;
		}
		g_string_append_printf(help, "%s%s", first ? "" : " ", *word);
		column += strlen(*word) + !first;
		first = false;
	}
	g_string_append_c(help, '\n');
}

static void append_entry(GString *help, const char *term, const char *text)
{
	g_string_append_printf(help, "  %-*s", HELP_COLUMN - 2, term);
	if (strlen(term) + 2 >= HELP_COLUMN)
		g_string_append_printf(help, "\n%*s", HELP_COLUMN, "");
	append_wrapped(help, text, HELP_COLUMN, HELP_COLUMN);
}

static void append_option(GString *help, const struct cli_option *option)
{
	g_autoptr(GString) term = g_string_new(NULL);

	if (option->letter)
		g_string_append_printf(term, "-%c, ", option->letter);
	else
		g_string_append(term, "    ");
	g_string_append_printf(term, "--%s", option->name);
	if (option->value)
		g_string_append_printf(term, " %s", option->value);
	append_entry(help, term->str, option->help);
}

const char *const cli_help_summary = "show the verbs, or the options of one verb";

static void append_overview(GString *help)
{
	g_string_append(help, "Usage: virsh oopsbt VERB [OPTION...] [DOMAIN|ID...]\n\n"
			      "Backtraces of all vCPUs at the instant a guest kernel oopses.\n\n"
			      "Verbs:\n");
	for (size_t i = 0; cli_verbs[i]; i++) {
		g_autofree char *term =
			g_strdup_printf("%s %s", cli_verbs[i]->name, cli_verbs[i]->operands);

		append_entry(help, term, cli_verbs[i]->summary);
	}
	append_entry(help, "help [VERB]", cli_help_summary);
	g_string_append(help, "\nOptions before the verb; -c, -r, -q and -t may also stand before "
			      "'oopsbt':\n");
	for (const struct cli_option *option = cli_global_options; option->name; option++)
		append_option(help, option);
	g_string_append(help,
			"\nA dump is named by its id, by the beginning of it, or by a domain "
			"(its newest).\n'virsh oopsbt VERB --help' tells more about a verb.\n");
}

char *cli_help(const struct verb *verb)
{
	GString *help = g_string_new(NULL);
	g_autoptr(GArray) options = NULL;
	g_auto(GStrv) paragraphs = NULL;

	if (!verb) {
		append_overview(help);
		return g_string_free(help, FALSE);
	}
	options = cli_verb_options(verb);
	g_string_append_printf(help, "Usage: virsh oopsbt %s [OPTION...] %s\n\n", verb->name,
			       verb->operands);
	paragraphs = g_strsplit(verb->description, "\n\n", -1);
	for (char **paragraph = paragraphs; *paragraph; paragraph++) {
		append_wrapped(help, *paragraph, 0, 0);
		g_string_append_c(help, '\n');
	}
	g_string_append(help, "Options:\n");
	for (guint i = 0; i < options->len; i++)
		append_option(help, &g_array_index(options, struct cli_option, i));
	return g_string_free(help, FALSE);
}
