/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "archive.h"
#include "code_view.h"
#include "common/store_repeats.h"
#include "cpu_view.h"
#include "dumps.h"
#include "html/html_report.h"
#include "lines.h"
#include "lines_text.h"
#include "mail.h"
#include "output.h"
#include "repeats_view.h"
#include "report_file.h"
#include "selection.h"
#include "task_view.h"
#include "verbs.h"

/* A dump in the store, or in an exported archive. */
struct source {
	struct store_entry *entry; /* NULL: use @archive */
	const char *archive;
};

static bool damaged(GError **error, const struct source *source, const char *why)
{
	if (source->entry)
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "dump %s is damaged: %s\nwhat there is of it lies in %s",
			    source->entry->id, why, source->entry->path);
	else
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED, "%s", why);
	return false;
}

static bool looks_like_file(const char *reference)
{
	return strchr("/.", reference[0]) || g_str_has_suffix(reference, ".gz");
}

/* A name that contains a slash, or that no dump has, may be a file. */
static bool find_source(struct session *session, const struct cli_args *args, struct source *source,
			GError **error)
{
	const char *reference = cli_operands(args)[0];
	g_autoptr(GError) local = NULL;
	bool is_file = reference && g_file_test(reference, G_FILE_TEST_IS_REGULAR);

	source->archive = reference;
	if (is_file && strchr(reference, '/'))
		return true;
	source->entry = dumps_find_selected(session, reference, args, &local);
	if (source->entry || is_file)
		return true;
	if (reference && looks_like_file(reference) && access(reference, F_OK) < 0)
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED, "cannot read %s: %s", reference,
			    g_strerror(errno));
	else
		g_propagate_error(error, g_steal_pointer(&local));
	return false;
}

static char *read_file(struct session *session, const struct source *source, const char *name,
		       size_t *length, GError **error)
{
	g_autoptr(GError) local = NULL;
	char *text =
		source->entry
			? dumps_read(session, source->entry, name, REPORT_MAX_BYTES, length, &local)
			: archive_read(source->archive, name, REPORT_MAX_BYTES, length, &local);

	if (!text &&
	    (!source->entry || g_error_matches(local, STORE_ERROR, STORE_ERROR_NOT_FOUND) ||
	     g_error_matches(local, STORE_ERROR, STORE_ERROR_DAMAGED)))
		damaged(error, source, local->message);
	else if (!text)
		dumps_fail(session, error, local);
	return text;
}

/* The file of repeats, if the dump has one. */
static char *read_repeats(struct session *session, const struct source *source, size_t *length)
{
	if (source->entry && source->entry->repeats == 0)
		return NULL;
	return source->entry ? dumps_read(session, source->entry, STORE_REPEATS_FILE,
					  STORE_REPEATS_MAX_BYTES, length, NULL)
			     : archive_read(source->archive, STORE_REPEATS_FILE,
					    STORE_REPEATS_MAX_BYTES, length, NULL);
}

static void print_repeats(struct session *session, const struct source *source)
{
	size_t length;
	g_autofree char *text = read_repeats(session, source, &length);
	GString *view = text ? repeats_view(text, length) : NULL;

	if (view == NULL)
		return;
	print_text(view->str, view->len);
	g_string_free(view, TRUE);
}

static void print_json_report(struct session *session, const struct source *source,
			      const char *report, size_t report_length)
{
	size_t length;
	g_autofree char *text = read_repeats(session, source, &length);
	g_autofree char *whole = NULL;
	GString *view = text ? repeats_view(text, length) : NULL;

	if (view == NULL) {
		print_json_text(report, report_length);
		return;
	}
	g_string_free(view, TRUE);
	whole = repeats_into_report(report, report_length, text, length);
	print_json_text(whole, strlen(whole));
}

/* Highlights headline and CPUs. */
static void print_report(const char *text, size_t length)
{
	const char *end = text + length;

	for (const char *line = text; line < end;) {
		const char *newline = memchr(line, '\n', end - line);
		size_t size = newline ? (size_t)(newline - line) : (size_t)(end - line);
		bool bold = line == text || (size > 3 && memcmp(line, "CPU", 3) == 0);

		if (bold)
			fputs(style(STYLE_BOLD), stdout);
		print_text(line, size);
		if (bold)
			fputs(style(STYLE_NONE), stdout);
		if (newline)
			putchar('\n');
		line += size + 1;
	}
}

/* The part of the report that an option selects. */
static GString *part_of(JsonObject *report, const struct cli_args *args, GError **error)
{
	guint64 number = 0;

	if (cli_has(args, "mail"))
		return mail_text(report);
	if (cli_has(args, "disassemble"))
		return code_view(report, error);
	if (cli_has(args, "tasks"))
		return tasks_view(report, error);
	if (cli_has(args, "task"))
		return cli_number(args, "task", 0, G_MAXINT32, &number, error)
			       ? task_view(report, number, error)
			       : NULL;
	return cli_number(args, "cpu", 0, G_MAXUINT, &number, error)
		       ? cpu_view(report, number, error)
		       : NULL;
}

static bool print_part(JsonObject *report, const struct cli_args *args, GError **error)
{
	GString *text = part_of(report, args, error);

	if (!text)
		return false;
	pager_open(!cli_has(args, "no-pager"));
	print_text(text->str, text->len);
	g_string_free(text, TRUE);
	return true;
}

static bool wants_part(const struct cli_args *args)
{
	return cli_has(args, "cpu") || cli_has(args, "tasks") || cli_has(args, "task") ||
	       cli_has(args, "mail") || cli_has(args, "disassemble");
}

/* To a file or a pipe only: a terminal would show the markup. */
static bool print_page(JsonObject *report, GError **error)
{
	GString *page;

	if (isatty(STDOUT_FILENO)) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
			    "a page is not for a terminal; redirect it, or let "
			    "'export --html ID FILE' write it");
		return false;
	}
	page = html_report(report);
	print_text(page->str, page->len);
	g_string_free(page, TRUE);
	return true;
}

/* Prints the report with all additions. */
static void print_as_json(struct session *session, const struct source *source, JsonObject *report)
{
	JsonNode *node = json_node_new(JSON_NODE_OBJECT);
	g_autofree char *text = NULL;

	json_node_set_object(node, report);
	text = json_to_string(node, true);
	print_json_report(session, source, text, strlen(text));
	putchar('\n');
	json_node_unref(node);
}

/* Prints report.txt with the source lines of @report. */
static bool print_with_lines(struct session *session, const struct source *source,
			     JsonObject *report, const struct cli_args *args, GError **error)
{
	size_t length;
	g_autofree char *text = read_file(session, source, "report.txt", &length, error);
	GString *annotated;

	if (!text)
		return false;
	annotated = lines_annotate(text, length, report);
	pager_open(!cli_has(args, "no-pager"));
	print_report(annotated->str, annotated->len);
	print_repeats(session, source);
	g_string_free(annotated, TRUE);
	return true;
}

/* Loads report.json, with source lines if requested. */
static JsonObject *load_report(struct session *session, const struct source *source,
			       const struct cli_args *args, const char *text, size_t length,
			       GError **error)
{
	g_autoptr(GError) local = NULL;
	JsonObject *report = report_parse(text, length, &local);
	JsonObject *with_lines;

	if (!report) {
		damaged(error, source, local->message);
		return NULL;
	}
	dumps_warn_of_schema(report);
	if (!lines_wanted(args))
		return report;
	with_lines = lines_add(report, text, length, args, session->quiet);
	json_object_unref(report);
	return with_lines;
}

/* Prints the views that are made from report.json. */
static bool print_from_json(struct session *session, const struct source *source,
			    const struct cli_args *args, GError **error)
{
	size_t length;
	g_autofree char *text = read_file(session, source, "report.json", &length, error);
	JsonObject *report = text ? load_report(session, source, args, text, length, error) : NULL;
	bool good = true;

	if (!report)
		return false;
	if (wants_part(args))
		good = print_part(report, args, error);
	else if (cli_has(args, "html"))
		good = print_page(report, error);
	else if (!cli_has(args, "json"))
		good = print_with_lines(session, source, report, args, error);
	else if (lines_wanted(args))
		print_as_json(session, source, report);
	else
		print_json_report(session, source, text, length);
	json_object_unref(report);
	return good;
}

static bool print_file(struct session *session, const struct source *source, const char *name,
		       const struct cli_args *args, GError **error)
{
	size_t length;
	g_autofree char *text = read_file(session, source, name, &length, error);

	if (!text)
		return false;
	pager_open(!cli_has(args, "no-pager"));
	if (strcmp(name, "report.txt") != 0) {
		print_text(text, length);
		return true;
	}
	print_report(text, length);
	print_repeats(session, source);
	return true;
}

static bool run(struct session *session, const struct cli_args *args, GError **error)
{
	struct source source = {0};
	bool good;

	if (lines_wanted(args) && (cli_has(args, "log") || cli_has(args, "registers"))) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
			    "--log and --registers have no source lines");
		return false;
	}
	if (!find_source(session, args, &source, error))
		return false;
	if (cli_has(args, "json") || cli_has(args, "html") || wants_part(args) ||
	    lines_wanted(args))
		good = print_from_json(session, &source, args, error);
	else
		good = print_file(session, &source,
				  cli_has(args, "log")	       ? "dmesg.txt"
				  : cli_has(args, "registers") ? "registers.txt"
							       : "report.txt",
				  args, error);
	store_entry_free(source.entry);
	return good;
}

static const struct cli_option options[] = {
	{"cpu", 0, "N", CLI_NONE, "only CPU N: its registers and backtrace"},
	{"tasks", 0, NULL, CLI_NONE, "the tasks that are blocked, and who has what they wait for"},
	{"task", 0, "PID", CLI_NONE, "only that task, with its backtrace"},
	{"disassemble", 0, NULL, CLI_NONE, "only the code at the fault"},
	{"mail", 0, NULL, CLI_NONE,
	 "for a bug report to kernel developers: the kernel, what it printed, all CPUs and blocked "
	 "tasks; nothing of the host, nor the domain's name"},
	{"html", 0, NULL, CLI_NONE,
	 "as one HTML page that needs no network: timeline, CPUs, stacks and "
	 "log; "
	 "'export --html' writes it into a file"},
	{"log", 0, NULL, CLI_NONE, "the guest's whole kernel log"},
	{"registers", 0, NULL, CLI_NONE, "the registers as the monitor printed them"},
	{"json", 0, NULL, CLI_NONE, "the report as JSON"},
	LINES_OPTIONS,
	{"no-pager", 0, NULL, CLI_NONE, "print without a pager"},
	{NULL, 0, NULL, 0, NULL},
};

const struct verb verb_info = {
	.name = "info",
	.operands = "[DOMAIN|ID|FILE]",
	.operand_kind = CLI_DUMP,
	.max_operands = 1,
	.summary = "show a report: the newest, the newest of a domain, or by id",
	.description =
		"Prints the report of one dump: what happened, when, and where every vCPU was, and "
		"when the bug came again without a dump of its own. FILE is an archive that "
		"'export' wrote. If the options select several dumps, it prints the newest.",
	.options = options,
	.shared_options = selection_options,
	.choices = {"cpu|tasks|task|disassemble|mail|html|log|registers|json"},
	.run = run,
};
