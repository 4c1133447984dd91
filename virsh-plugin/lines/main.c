/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * oopsbt-lines: reads report.json on standard input and writes it with source lines to standard
 * output. It is a separate program because its input is untrusted: if elfutils crashes or hangs,
 * the report is still shown.
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../report_file.h"
#include "annotate.h"
#include "common/sanitize.h"
#include "symbols.h"

/* Debug information with zlib compression takes some seconds. */
#define MAX_CPU_S 300
/* Files of up to 1 GB are mapped, and compressed data is unpacked in memory. */
#define MAX_ADDRESS_SPACE ((rlim_t)16 << 30)

struct settings {
	char **folders; /* or NULL */
	char *servers;	/* or NULL: from the environment */
	char *sources;	/* or NULL */
	gboolean quiet;
};

static void clear_settings(struct settings *settings)
{
	g_strfreev(settings->folders);
	g_free(settings->servers);
	g_free(settings->sources);
}

static bool parse_options(int *argc, char ***argv, struct settings *settings, GError **error)
{
	const GOptionEntry entries[] = {
		{"debug", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &settings->folders,
		 "a file or a folder with debug information", "PATH"},
		{"debuginfod", 0, 0, G_OPTION_ARG_STRING, &settings->servers,
		 "debuginfod servers instead of those of DEBUGINFOD_URLS; '' for none", "URLS"},
		{"source", 0, 0, G_OPTION_ARG_FILENAME, &settings->sources,
		 "a folder with the sources", "DIR"},
		{"quiet", 0, 0, G_OPTION_ARG_NONE, &settings->quiet, "show no progress", NULL},
		G_OPTION_ENTRY_NULL,
	};
	GOptionContext *context = g_option_context_new("- adds source lines to report.json");
	bool good;

	g_option_context_add_main_entries(context, entries, NULL);
	good = g_option_context_parse(context, argc, argv, error);
	g_option_context_free(context);
	return good;
}

static void limit(int resource, rlim_t most)
{
	struct rlimit limits = {most, most};
	struct rlimit present;

	if (getrlimit(resource, &present) == 0 && present.rlim_max < most)
		return;
	setrlimit(resource, &limits);
}

static void set_limits(void)
{
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_CPU, MAX_CPU_S);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* sanitizers map terabytes */
	limit(RLIMIT_AS, MAX_ADDRESS_SPACE);
#endif
}

static GString *read_input(GError **error)
{
	GString *text = g_string_new(NULL);
	char buffer[65536];
	ssize_t got;

	while ((got = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0 &&
	       text->len <= REPORT_MAX_BYTES)
		g_string_append_len(text, buffer, got);
	if (got == 0)
		return text;
	g_set_error(error, LINES_ERROR, LINES_ERROR_FILE, "cannot read the report: %s",
		    got < 0 ? g_strerror(errno) : "it is too large");
	g_string_free(text, TRUE);
	return NULL;
}

static bool write_report(JsonObject *report)
{
	JsonNode *node = json_node_new(JSON_NODE_OBJECT);
	JsonGenerator *generator = json_generator_new();
	g_autofree char *text = NULL;
	gsize length;

	json_node_set_object(node, report);
	json_generator_set_root(generator, node);
	json_generator_set_pretty(generator, TRUE);
	text = json_generator_to_data(generator, &length);
	g_object_unref(generator);
	json_node_unref(node);
	return fwrite(text, 1, length, stdout) == length && putchar('\n') == '\n' &&
	       fflush(stdout) == 0;
}

static bool annotate(JsonObject *report, const struct settings *settings, GError **error)
{
	const char *release = NULL;
	struct source_tree *tree = NULL;
	struct debug_finder *finder;

	if (settings->sources) {
		tree = source_tree_new(settings->sources, error);
		if (!tree)
			return false;
	}
	if (json_object_has_member(report, "guest") &&
	    JSON_NODE_HOLDS_OBJECT(json_object_get_member(report, "guest")))
		release = json_object_get_string_member_with_default(
			json_object_get_object_member(report, "guest"), "release", NULL);
	finder = debug_finder_new((const char *const *)settings->folders, release,
				  !settings->quiet && isatty(STDERR_FILENO));
	annotate_report(report, finder, tree);
	debug_finder_free(finder);
	source_tree_free(tree);
	return true;
}

static bool run(const struct settings *settings, GError **error)
{
	GString *text = read_input(error);
	JsonObject *report = text ? report_parse(text->str, text->len, error) : NULL;
	bool good = report && annotate(report, settings, error);

	if (text)
		g_string_free(text, TRUE);
	if (good && !write_report(report)) {
		g_set_error(error, LINES_ERROR, LINES_ERROR_FILE, "cannot write the report: %s",
			    g_strerror(errno));
		good = false;
	}
	if (report)
		json_object_unref(report);
	return good;
}

int main(int argc, char **argv)
{
	struct settings settings = {0};
	g_autoptr(GError) error = NULL;
	bool good;

	setlocale(LC_CTYPE, "C.UTF-8");
	set_limits();
	good = parse_options(&argc, &argv, &settings, &error);
	if (good && settings.servers)
		g_setenv("DEBUGINFOD_URLS", settings.servers, TRUE);
	good = good && run(&settings, &error);
	if (!good) {
		g_autofree char *clean = sanitize_line(error->message, -1);

		fprintf(stderr, "%s\n", clean);
	}
	clear_settings(&settings);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
