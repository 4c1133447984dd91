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

static const struct verb *require_verb(const char *name, GError **error)
{
	const struct verb *verb = cli_find_verb(name);
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const char *guess;

	if (verb)
		return verb;
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
	const struct verb *verb = overview ? NULL : require_verb(words[0], error);

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
	const struct verb *verb = require_verb(words[0], error);
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

static bool run(struct session *session, char **words, GError **error)
{
	g_auto(GStrv) split = NULL;

	/* A single argument is a command line, as in virsh. */
	if (words[0] && !words[1] && strchr(words[0], ' ')) {
		g_autoptr(GError) local = NULL;

		if (!g_shell_parse_argv(words[0], NULL, &split, &local)) {
			g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE, "%s", local->message);
			return false;
		}
		words = split;
	}
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

int main(int argc, char **argv)
{
	struct session session = {0};
	g_autoptr(GError) error = NULL;
	int status = EXIT_SUCCESS;

	setlocale(LC_ALL, "");
	/* A virsh that runs external commands starts this program with its own name, too. */
	if (!g_getenv("VIRSH_READONLY"))
		output_set_program(argv[0]);
	read_environment(&session);
	switch (parse_globals(argc, argv, &session, &error)) {
	case PARSED_VERB:
		status = run(&session, argv + optind, &error) ? session.exit_status
							      : exit_status(error);
		break;
	case PARSED_HELP:
		print_help(NULL);
		break;
	case PARSED_VERSION:
		puts(OOPSBT_VERSION);
		break;
	case PARSED_BAD:
		status = EXIT_USAGE;
		break;
	}
	if (!output_close(error ? NULL : &error) && status == EXIT_SUCCESS)
		status = EXIT_FAILURE;
	if (error)
		complain(error);
	session_clear(&session);
	return status;
}
