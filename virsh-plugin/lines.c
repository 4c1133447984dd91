/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lines.h"

#include <gio/gio.h>
#include <signal.h>
#include <stdlib.h>

#include "members.h"
#include "output.h"
#include "report_file.h"

#define MAX_WARNINGS 8

bool lines_wanted(const struct cli_args *args)
{
	return cli_has(args, "lines") || cli_has(args, "debug") || cli_has(args, "debuginfod") ||
	       cli_has(args, "source");
}

/* --- the program --- */

static void add_option(GPtrArray *words, const struct cli_args *args, const char *name)
{
	if (cli_has(args, name))
		g_ptr_array_add(words, g_strdup_printf("--%s=%s", name, cli_value(args, name)));
}

static GPtrArray *command_line(const struct cli_args *args, bool quiet)
{
	const char *override = secure_getenv("OOPSBT_LINES");
	GPtrArray *words = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(words, override
				       ? g_strdup(override)
				       : g_build_filename(OOPSBT_LIBEXECDIR, "oopsbt-lines", NULL));
	add_option(words, args, "debug");
	add_option(words, args, "debuginfod");
	add_option(words, args, "source");
	if (quiet)
		g_ptr_array_add(words, g_strdup("--quiet"));
	g_ptr_array_add(words, NULL);
	return words;
}

/* False, with the reason in @error, if it failed. */
static bool check_end(GSubprocess *process, GError **error)
{
	if (g_subprocess_get_successful(process))
		return true;
	if (g_subprocess_get_if_signaled(process))
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "oopsbt-lines was ended by signal %d (%s): is the debug information "
			    "damaged?",
			    g_subprocess_get_term_sig(process),
			    g_strsignal(g_subprocess_get_term_sig(process)));
	else
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED, "oopsbt-lines failed");
	return false;
}

/* Ignores SIGPIPE: if the program ends before it has read its input, its exit status says so. */
static GBytes *communicate(GSubprocess *process, const char *text, size_t length, GError **error)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction before;
	g_autoptr(GBytes) input = g_bytes_new_static(text, length);
	g_autoptr(GBytes) output = NULL;
	g_autoptr(GError) local = NULL;
	bool good;

	sigaction(SIGPIPE, &ignore, &before);
	good = g_subprocess_communicate(process, input, NULL, &output, NULL, &local);
	sigaction(SIGPIPE, &before, NULL);
	if (!g_subprocess_wait(process, NULL, error) || !check_end(process, error))
		return NULL;
	if (good)
		return g_steal_pointer(&output);
	g_propagate_error(error, g_steal_pointer(&local));
	return NULL;
}

/* The program's messages and progress go to standard error. */
static GBytes *run_program(const char *text, size_t length, const struct cli_args *args, bool quiet,
			   GError **error)
{
	g_autoptr(GPtrArray) words = command_line(args, quiet);
	g_autoptr(GSubprocess) process = NULL;

	process = g_subprocess_newv((const char *const *)words->pdata,
				    G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
				    error);
	if (process)
		return communicate(process, text, length, error);
	if (g_error_matches(*error, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT))
		g_prefix_error(error, "the package oopsbt-lines is not installed: ");
	return NULL;
}

/* --- missing debug information --- */

static void warn_of(JsonObject *info)
{
	const char *module = member_text(info, "module", NULL);
	const char *problem = member_text(info, "problem", NULL);
	const char *advice = member_text(info, "advice", NULL);
	const char *name = module ? module : "the kernel";

	if (member_text(info, "file", NULL))
		print_warning("source lines of %s: %s", name, problem);
	else
		print_warning("no source lines of %s, build ID %s: %s%s%s", name,
			      member_text(info, "build_id", "unknown"), problem, advice ? "; " : "",
			      advice ? advice : "");
}

static void warn(JsonObject *report, const struct cli_args *args)
{
	JsonArray *infos = member_array(report, "debug_info");
	guint missing = 0;
	bool any_server = cli_has(args, "debuginfod") || g_getenv("DEBUGINFOD_URLS");

	for (guint i = 0; infos && i < json_array_get_length(infos); i++) {
		JsonObject *info = element_object(infos, i);

		if (member_text(info, "problem", NULL) && missing++ < MAX_WARNINGS)
			warn_of(info);
	}
	if (missing > MAX_WARNINGS)
		print_warning("no source lines of %u modules more", missing - MAX_WARNINGS);
	if (missing > 0 && !any_server)
		print_warning("no debuginfod server was asked: --debuginfod URL or "
			      "DEBUGINFOD_URLS names one (the server learns the build IDs)");
}

static void warn_of_missing_paths(const struct cli_args *args)
{
	static const char *const options[] = {"debug", "source"};

	for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
		const char *path = cli_value(args, options[i]);

		if (path && !g_file_test(path, G_FILE_TEST_EXISTS))
			print_warning("--%s: there is no '%s'", options[i], path);
	}
}

JsonObject *lines_add(JsonObject *report, const char *text, size_t length,
		      const struct cli_args *args, bool quiet)
{
	g_autoptr(GError) local = NULL;
	g_autoptr(GBytes) output = run_program(text, length, args, quiet, &local);
	JsonObject *with_lines = NULL;
	const char *bytes;
	gsize size;

	warn_of_missing_paths(args);
	if (output) {
		bytes = g_bytes_get_data(output, &size);
		with_lines = report_parse(bytes, size, &local);
	}
	if (!with_lines) {
		print_warning("no source lines: %s", local->message);
		return json_object_ref(report);
	}
	warn(with_lines, args);
	return with_lines;
}
