/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virsh-oopsbt: virsh's own options, then a verb. Started by the front end that replaces stock
 * virsh, by a patched virsh as an external command, or directly.
 */
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "common/sanitize.h"
#include "complete.h"
#include "manual.h"
#include "output.h"
#include "session.h"

static void complain(const GError *error)
{
	g_autoptr(GString) clean = g_string_new("error: ");
	g_autofree char *own = in_own_words(error->message);

	sanitize_append(clean, own, -1, true);
	fflush(stdout);
	fprintf(stderr, "%s\n", clean->str);
}

static int exit_status(const GError *error)
{
	return g_error_matches(error, CLI_ERROR, CLI_ERROR_USAGE) ? EXIT_USAGE : EXIT_FAILURE;
}

enum parsed {
	PARSED_VERB,
	PARSED_HELP,
	PARSED_VERSION,
	PARSED_BAD,
};

/* Parses virsh's options. Options for its shell or its log are accepted and ignored. */
static enum parsed parse_globals(int argc, char **argv, struct session *session, GError **error)
{
	static const struct option options[] = {
		{"connect", required_argument, NULL, 'c'},
		{"debug", required_argument, NULL, 'd'},
		{"directory", required_argument, NULL, 'D'},
		{"escape", required_argument, NULL, 'e'},
		{"help", no_argument, NULL, 'h'},
		{"keepalive-interval", required_argument, NULL, 'k'},
		{"keepalive-count", required_argument, NULL, 'K'},
		{"log", required_argument, NULL, 'l'},
		{"no-pkttyagent", no_argument, NULL, 'n'},
		{"quiet", no_argument, NULL, 'q'},
		{"readonly", no_argument, NULL, 'r'},
		{"timing", no_argument, NULL, 't'},
		{"version", optional_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "+:c:d:D:e:hk:K:l:qrtvV", options, NULL)) != -1) {
		switch (letter) {
		case 'c':
			g_free(session->uri);
			session->uri = g_strdup(optarg);
			break;
		case 'D':
			g_free(session->directory);
			session->directory = g_strdup(optarg);
			break;
		case 'q':
			session->quiet = true;
			break;
		case 'r':
			session->readonly = true;
			break;
		case 't':
			session->timing = true;
			break;
		case 'h':
			return PARSED_HELP;
		case 'v':
		case 'V':
			return PARSED_VERSION;
		case ':':
			g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
				    "option '%s' needs a value; see 'virsh oopsbt --help'",
				    argv[optind - 1]);
			return PARSED_BAD;
		case '?':
			g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
				    "there is no option '%s'; see 'virsh oopsbt --help'",
				    argv[optind - 1]);
			return PARSED_BAD;
		default:
			break;
		}
	}
	return PARSED_VERB;
}

/* Reads the variables of a patched virsh; see the documentation in the libvirt patch. */
static void read_environment(struct session *session)
{
	const char *uri = g_getenv("VIRSH_DEFAULT_CONNECT_URI");

	if (!uri || !*uri)
		uri = g_getenv("LIBVIRT_DEFAULT_URI");
	session->uri = g_strdup(uri);
	session->readonly = g_strcmp0(g_getenv("VIRSH_READONLY"), "1") == 0;
	session->quiet = g_strcmp0(g_getenv("VIRSH_QUIET"), "1") == 0;
}

/* @next: the word behind it, which may be the verb; NULL: none. */
static const struct verb *require_verb(const char *name, const char *next, GError **error)
{
	const struct verb *verb = cli_find_verb(name);
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const char *guess;

	if (verb)
		return verb;
	if (next && cli_find_verb(next)) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
			    "there is no verb '%s'; the verb comes first: 'virsh oopsbt %s %s'",
			    name, next, name);
		return NULL;
	}
	for (size_t i = 0; cli_verbs[i]; i++)
		g_ptr_array_add(names, (char *)cli_verbs[i]->name);
	g_ptr_array_add(names, NULL);
	guess = cli_guess(name, (const char *const *)names->pdata);
	if (guess)
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
			    "there is no verb '%s'; did you mean '%s'?", name, guess);
	else
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
			    "there is no verb '%s'; see 'virsh oopsbt --help'", name);
	return NULL;
}

static void print_help(const struct verb *verb)
{
	g_autofree char *help = cli_help(verb);
	g_autofree char *own = in_own_words(help);

	fputs(own, stdout);
}

static bool run_help(char **words, GError **error)
{
	bool overview = !words[0] || strcmp(words[0], "--help") == 0 || strcmp(words[0], "-h") == 0;
	const struct verb *verb = overview ? NULL : require_verb(words[0], NULL, error);

	if (!overview && !verb)
		return false;
	if (words[0] && words[1]) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
			    "unexpected argument '%s': 'help' takes one verb", words[1]);
		return false;
	}
	print_help(verb);
	return true;
}

static bool run_verb(struct session *session, char **words, GError **error)
{
	const struct verb *verb = require_verb(words[0], words[1], error);
	gint64 start = g_get_monotonic_time();
	g_autoptr(CliArgs) args = NULL;

	if (!verb)
		return false;
	args = cli_parse(verb, words + 1, error);
	if (!args)
		return false;
	if (cli_has(args, "help")) {
		print_help(verb);
		return true;
	}
	if (!verb->run(session, args, error))
		return false;
	if (session->timing)
		printf("(Time: %.3f ms)\n\n", (g_get_monotonic_time() - start) / 1000.0);
	return true;
}

static bool run_words(struct session *session, char **words, GError **error)
{
	if (!words[0]) {
		print_help(NULL);
		return true;
	}
	if (strcmp(words[0], "help") == 0)
		return run_help(words + 1, error);
	if (strcmp(words[0], "complete") == 0)
		return complete(session, words + 1);
	if (strcmp(words[0], "manual") == 0) {
		manual_print();
		return true;
	}
	return run_verb(session, words, error);
}

static bool run(struct session *session, int argc, char **argv, GError **error);

/* One argument may be a command line of its own, as virsh takes it; with options before its verb.
 */
static bool run_line(struct session *session, char *program, const char *line, GError **error)
{
	g_autoptr(GPtrArray) arguments = g_ptr_array_new();
	g_autoptr(GError) local = NULL;
	g_auto(GStrv) words = NULL;

	if (!g_shell_parse_argv(line, NULL, &words, &local)) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE, "%s", local->message);
		return false;
	}
	g_ptr_array_add(arguments, program);
	for (char **word = words; *word; word++)
		g_ptr_array_add(arguments, *word);
	g_ptr_array_add(arguments, NULL);
	optind = 0; /* getopt() starts anew */
	return run(session, (int)arguments->len - 1, (char **)arguments->pdata, error);
}

static bool run(struct session *session, int argc, char **argv, GError **error)
{
	switch (parse_globals(argc, argv, session, error)) {
	case PARSED_VERB:
		if (optind + 1 == argc && strchr(argv[optind], ' '))
			return run_line(session, argv[0], argv[optind], error);
		return run_words(session, argv + optind, error);
	case PARSED_HELP:
		print_help(NULL);
		return true;
	case PARSED_VERSION:
		puts(OOPSBT_VERSION);
		return true;
	case PARSED_BAD:
		break;
	}
	return false;
}

int main(int argc, char **argv)
{
	struct session session = {0};
	g_autoptr(GError) error = NULL;
	int status;

	setlocale(LC_ALL, "");
	/* A virsh that runs external commands starts this program with its own name, too. */
	if (!g_getenv("VIRSH_READONLY"))
		output_set_program(argv[0]);
	read_environment(&session);
	status = run(&session, argc, argv, &error) ? session.exit_status : exit_status(error);
	if (!output_close(error ? NULL : &error) && status == EXIT_SUCCESS)
		status = EXIT_FAILURE;
	if (error)
		complain(error);
	session_clear(&session);
	return status;
}
