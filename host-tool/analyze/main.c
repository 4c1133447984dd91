// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * oopsbt-analyze: the program that reads a guest's memory. A collector starts it as `oopsbt-analyze
 * serve LIMITS` with a control socket as descriptor 3; a user starts it with a file.
 */
#include <glib.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyze/file.h"
#include "analyze/live.h"
#include "analyze/sandbox.h"
#include "common/protocol.h"

/* The limit for a file. A collector passes its own limits. */
#define MAX_ADDRESS_SPACE (1ull << 30)
#define MAX_CPU_S 20
#define MAX_FILE_BYTES (512ull << 20)

/* serve MEMORY FILE_SIZE CPU_SECONDS, see struct sandbox_limits */
#define SERVE_ARGUMENTS 5

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

static int fail_analysis(const char *what, const GError *error)
{
	fprintf(stderr, "oopsbt-analyze: %s%s%s\n", what ? what : "", what ? ": " : "",
		error->message);
	return EXIT_FAILED;
}

static bool parse_limits(char **words, struct sandbox_limits *limits)
{
	uint64_t *const members[] = {&limits->memory, &limits->file_size, &limits->cpu_seconds};

	for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
		if (!g_ascii_string_to_unsigned(words[i], 10, 0, G_MAXINT64, members[i], NULL))
			return false;
	}
	return true;
}

static int serve(char **words)
{
	struct sandbox_limits limits;
	g_autoptr(GError) error = NULL;

	if (!parse_limits(words, &limits)) {
		fputs("oopsbt-analyze: serve: a limit is not a number\n", stderr);
		return EXIT_USAGE;
	}
	if (!sandbox_enter(SANDBOX_SERVE, &limits, &error))
		return fail_analysis("sandbox", error);
	if (live_serve(ANALYZER_CONTROL_FD, &error) ||
	    g_error_matches(error, PROTOCOL_ERROR, PROTOCOL_ERROR_CLOSED))
		return EXIT_DONE;
	return fail_analysis(NULL, error);
}

static int analyze_file(const char *path, enum file_format format)
{
	static const struct sandbox_limits limits = {
		.memory = MAX_ADDRESS_SPACE,
		.file_size = MAX_FILE_BYTES,
		.cpu_seconds = MAX_CPU_S,
	};
	g_autoptr(GError) error = NULL;
	int fd = file_open(path, &error);

	if (fd < 0)
		return fail_analysis(path, error);
	if (!sandbox_enter(SANDBOX_FILE, &limits, &error))
		return fail_analysis("sandbox", error);
	if (!file_analyze(fd, format, STDOUT_FILENO, &error))
		return fail_analysis(path, error);
	return EXIT_DONE;
}

int main(int argc, char **argv)
{
	gboolean json = FALSE, dmesg = FALSE, version = FALSE;
	const GOptionEntry entries[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print report.json instead of report.txt",
		 NULL},
		{"dmesg", 0, 0, G_OPTION_ARG_NONE, &dmesg, "Print the guest's log", NULL},
		{"version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL},
		G_OPTION_ENTRY_NULL};
	g_autoptr(GOptionContext) context = g_option_context_new("FILE");
	g_autoptr(GError) error = NULL;

	setlocale(LC_CTYPE, "C.UTF-8");
	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_set_summary(
		context, "Makes a report from a dump's core, or from a full dump of a Linux guest\n"
			 "(ELF of `virsh dump --memory-only`, kdump-zlib and its like).");
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		fprintf(stderr, "oopsbt-analyze: %s (see --help)\n", error->message);
		return EXIT_USAGE;
	}
	if (version) {
		printf("oopsbt-analyze %s\n", OOPSBT_VERSION);
		return EXIT_DONE;
	}
	if (argc == SERVE_ARGUMENTS && !strcmp(argv[1], "serve"))
		return serve(argv + 2);
	if (argc != 2 || (json && dmesg)) {
		fprintf(stderr, "oopsbt-analyze: %s (see --help)\n",
			json && dmesg ? "--json or --dmesg, not both" : "one FILE is needed");
		return EXIT_USAGE;
	}
	return analyze_file(argv[1], json    ? FILE_FORMAT_JSON
				     : dmesg ? FILE_FORMAT_DMESG
					     : FILE_FORMAT_TEXT);
}
