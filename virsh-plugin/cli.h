/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of virsh-oopsbt as data: each verb is one entry in a table, with its options
 * in a table of their own. Parsing, help, man page and completion all come from these tables.
 */
#ifndef OOPSBT_PLUGIN_CLI_H
#define OOPSBT_PLUGIN_CLI_H

#include <glib.h>
#include <stdbool.h>

#define CLI_ERROR (cli_error_quark())
GQuark cli_error_quark(void);
enum cli_error {
	CLI_ERROR_USAGE,  /* exit status 2 */
	CLI_ERROR_FAILED, /* exit status 1 */
};

#define EXIT_USAGE 2

/* What a word on the command line is, for completion. */
enum cli_kind {
	CLI_NONE,
	CLI_DOMAIN,  /* a domain of the connection */
	CLI_RUNNING, /* one that runs */
	CLI_STORED,  /* a domain that has dumps */
	CLI_ID,	     /* a dump's id */
	CLI_DUMP,    /* either */
	CLI_FILE,
	CLI_WORDS,     /* one of the words of `value`, separated by | */
	CLI_INCIDENTS, /* kinds of incident; its help ends with the list of them */
};

struct cli_option {
	const char *name; /* without the dashes */
	char letter;	  /* '\0': none */
	/*
	 * What it takes, "N" or "gdb|crash|drgn"; NULL: it is a switch. "[DIR]": it need not have a
	 * value; the word behind it is one if there is a slash in it, which no domain's name has.
	 */
	const char *value;
	enum cli_kind kind;
	const char *help;
};

/* Which of common/options.h's options a verb takes. */
enum cli_domain_options {
	CLI_NO_DOMAIN_OPTIONS,
	CLI_COLLECTION_OPTIONS, /* those that say how a collection is made */
	CLI_ALL_DOMAIN_OPTIONS,
};

struct session;
struct cli_args;

#define CLI_MAX_CHOICES 2

struct verb {
	const char *name;
	const char *operands; /* as help shows them, "DOMAIN..." */
	enum cli_kind operand_kind;
	bool last_is_file; /* the last operand is another thing */
	unsigned int min_operands, max_operands;
	const char *summary;			 /* one line, as in the list of verbs */
	const char *description;		 /* paragraphs separated by an empty line */
	const struct cli_option *options;	 /* terminated by a NULL name; may be NULL */
	const struct cli_option *shared_options; /* the same, a table of several verbs */
	enum cli_domain_options domain_options;
	/* Names of options, separated by |: those of one element exclude each other. */
	const char *choices[CLI_MAX_CHOICES];
	const char *without_operands; /* the same: these take the place of the operands */
	/* Prints its result; an error is the caller's to print. */
	bool (*run)(struct session *session, const struct cli_args *args, GError **error);
};

/* All verbs, in the order of the help, terminated by NULL. */
extern const struct verb *const cli_verbs[];
const struct verb *cli_find_verb(const char *name);

/* virsh's own options, as virsh-oopsbt takes them before the verb. */
extern const struct cli_option cli_global_options[];

/* Whether @word, behind @option on the command line, is its value. */
bool cli_takes_word(const struct cli_option *option, const char *word);

/* Whether options of these names exclude each other; whether one takes the operands' place. */
bool cli_excludes(const struct verb *verb, const char *name, const char *other);
bool cli_replaces_operands(const struct verb *verb, const char *name);

/* All options of a verb, --help included: array of struct cli_option. */
GArray *cli_verb_options(const struct verb *verb);

/*
 * Parses what follows the verb. Options may stand anywhere, as --name value, --name=value or by
 * letter; "--" ends them. An operand may be named as virsh does, --domain NAME.
 * Errors are of CLI_ERROR and say what was meant instead, where that can be guessed.
 */
struct cli_args *cli_parse(const struct verb *verb, char **words, GError **error);
void cli_args_free(struct cli_args *args);
typedef struct cli_args CliArgs;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliArgs, cli_args_free)

bool cli_has(const struct cli_args *args, const char *option);
const char *cli_value(const struct cli_args *args, const char *option); /* NULL: not given */
/* A number from @minimum to @maximum; @number is left alone if the option was not given. */
bool cli_number(const struct cli_args *args, const char *option, guint64 minimum, guint64 maximum,
		guint64 *number, GError **error);
/* The domain options that were given, on top of what @options has. */
struct options;
bool cli_options(const struct cli_args *args, struct options *options, GError **error);
/* NULL-terminated. */
char **cli_operands(const struct cli_args *args);
unsigned int cli_num_operands(const struct cli_args *args);

extern const char *const cli_help_summary; /* of `help`, which is no entry of the tables */
/* @verb NULL: the overview. g_free(). */
char *cli_help(const struct verb *verb);

/* The word of @words (NULL-terminated) that @word was probably meant to be, or NULL. */
const char *cli_guess(const char *word, const char *const *words);

#endif
