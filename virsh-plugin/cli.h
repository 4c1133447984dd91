/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of virsh-oopsbt as data: each verb is a table entry with its own table of
 * options. Parsing, help, man page and completion all use these tables.
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

/* The type of a word on the command line, for completion. */
enum cli_kind {
	CLI_NONE,
	CLI_DOMAIN,  /* a domain of the connection */
	CLI_RUNNING, /* a running domain */
	CLI_STORED,  /* a domain with dumps */
	CLI_ID,	     /* a dump's id */
	CLI_DUMP,    /* a dump's id or a domain */
	CLI_FILE,
	CLI_WORDS,     /* one of the words of `value`, separated by | */
	CLI_INCIDENTS, /* kinds of incident; the option's help lists them */
	CLI_KINDS,     /* the kinds that 'enable' takes, or a word for several */
};

struct cli_option {
	const char *name; /* without the dashes */
	char letter;	  /* '\0': none */
	/*
	 * The name of the value, "N" or "gdb|crash|drgn"; NULL: a switch. "[DIR]": the value is
	 * optional; the next word is the value if it contains a slash, which no domain name does.
	 */
	const char *value;
	enum cli_kind kind;
	const char *help;
};

/* The options of common/options.h that a verb accepts. */
enum cli_domain_options {
	CLI_NO_DOMAIN_OPTIONS,
	CLI_COLLECTION_OPTIONS, /* options for how a dump is collected */
	CLI_ALL_DOMAIN_OPTIONS,
};

struct session;
struct cli_args;

#define CLI_MAX_CHOICES 2

struct verb {
	const char *name;
	const char *operands; /* as shown in help, "DOMAIN..." */
	enum cli_kind operand_kind;
	bool last_is_file; /* the last operand is a file */
	unsigned int min_operands, max_operands;
	const char *summary;			 /* one line for the list of verbs */
	const char *description;		 /* paragraphs separated by an empty line */
	const struct cli_option *options;	 /* terminated by a NULL name; may be NULL */
	const struct cli_option *shared_options; /* as above, but shared by several verbs */
	enum cli_domain_options domain_options;
	/* Names of options, separated by |: options of one element exclude each other. */
	const char *choices[CLI_MAX_CHOICES];
	const char *without_operands; /* as above: these options replace the operands */
	/* Prints its result; the caller prints the error. */
	bool (*run)(struct session *session, const struct cli_args *args, GError **error);
};

/* All verbs, in the order of the help, terminated by NULL. */
extern const struct verb *const cli_verbs[];
const struct verb *cli_find_verb(const char *name);

/* virsh's own options, which virsh-oopsbt accepts before the verb. */
extern const struct cli_option cli_global_options[];

/* Is @word, which follows @option on the command line, its value? */
bool cli_takes_word(const struct cli_option *option, const char *word);

/* Do options of these names exclude each other? Does one replace the operands? */
bool cli_excludes(const struct verb *verb, const char *name, const char *other);
bool cli_replaces_operands(const struct verb *verb, const char *name);

/* All options of a verb, --help included: array of struct cli_option. */
GArray *cli_verb_options(const struct verb *verb);

/*
 * Parses the words after the verb. Options may be anywhere, as --name value, --name=value or by
 * letter; "--" ends them. An operand may be named as in virsh, --domain NAME. Errors are CLI_ERROR
 * and suggest what was meant, if that can be guessed.
 */
struct cli_args *cli_parse(const struct verb *verb, char **words, GError **error);
void cli_args_free(struct cli_args *args);
typedef struct cli_args CliArgs;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliArgs, cli_args_free)

bool cli_has(const struct cli_args *args, const char *option);
const char *cli_value(const struct cli_args *args, const char *option); /* NULL: not given */
/* A number from @minimum to @maximum; leaves @number unchanged if the option is missing. */
bool cli_number(const struct cli_args *args, const char *option, guint64 minimum, guint64 maximum,
		guint64 *number, GError **error);
/* Sets the given domain options in @options. */
struct options;
bool cli_options(const struct cli_args *args, struct options *options, GError **error);
/* NULL-terminated. */
char **cli_operands(const struct cli_args *args);
unsigned int cli_num_operands(const struct cli_args *args);

extern const char *const cli_help_summary; /* the summary of `help`, which is in no table */
/* @verb NULL: the overview. g_free(). */
char *cli_help(const struct verb *verb);

/* The word of @words (NULL-terminated) that @word probably means, or NULL. */
const char *cli_guess(const char *word, const char *const *words);

#endif
