/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <gio/gunixoutputstream.h>
#include <string.h>
#include <unistd.h>

#include "archive.h"
#include "dumps.h"
#include "html/html_report.h"
#include "lines.h"
#include "new_file.h"
#include "output.h"
#include "progress.h"
#include "remote.h"
#include "report_file.h"
#include "selection.h"
#include "verbs.h"

/* Files of another host are downloaded before the archive is written. */
static GPtrArray *find_members(struct session *session, const struct store_entry *entry,
			       const char *const *excluded, GError **error)
{
	g_autofree char *what = g_strdup_printf("Fetching dump %s", entry->id);
	g_autoptr(Progress) progress = NULL;

	if (!dumps_are_remote(session))
		return archive_members_of(entry->path, excluded, error);
	progress = progress_new(session->quiet, what);
	return remote_fetch(session, entry, excluded, progress, error);
}

static bool export_archive(struct session *session, const struct store_entry *entry,
			   const struct cli_args *args, GError **error)
{
	static const char *const without_vmcore[] = {"vmcore", NULL};
	static const char *const all[] = {NULL};
	g_autoptr(GPtrArray) members =
		find_members(session, entry, cli_has(args, "vmcore") ? all : without_vmcore, error);
	g_autofree char *what = g_strdup_printf("Exporting dump %s", entry->id);
	g_autoptr(Progress) progress = NULL;

	if (!members)
		return false;
	progress = progress_new(session->quiet, what);
	return archive_write(cli_operands(args)[1], entry->id, members, cli_has(args, "force"),
			     progress, error);
}

static bool write_page(int fd, void *data, GError **error)
{
	g_autoptr(GOutputStream) out = g_unix_output_stream_new(fd, FALSE);
	const GString *page = data;

	return g_output_stream_write_all(out, page->str, page->len, NULL, NULL, error);
}

/* Writes only the report, for a browser. */
static bool export_page(struct session *session, const struct store_entry *entry,
			const struct cli_args *args, GError **error)
{
	size_t length;
	g_autofree char *text =
		dumps_read(session, entry, "report.json", REPORT_MAX_BYTES, &length, error);
	JsonObject *report = text ? report_parse(text, length, error) : NULL;
	JsonObject *shown;
	GString *page;
	bool good;

	if (!report) {
		g_prefix_error(error, "report.json of dump %s: ", entry->id);
		return false;
	}
	dumps_warn_of_schema(report);
	shown = lines_wanted(args) ? lines_add(report, text, length, args, session->quiet)
				   : json_object_ref(report);
	page = html_report(shown);
	good = new_file_write(cli_operands(args)[1], cli_has(args, "force"), write_page, page,
			      error);
	g_string_free(page, TRUE);
	json_object_unref(shown);
	json_object_unref(report);
	return good;
}

static bool run(struct session *session, const struct cli_args *args, GError **error)
{
	const char *file = cli_operands(args)[1];
	g_autoptr(StoreEntry) entry = NULL;
	g_autoptr(GError) local = NULL;
	bool good;

	if (strcmp(file, "-") == 0 && isatty(STDOUT_FILENO)) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
			    "an archive or a page is not for a terminal; give a file name");
		return false;
	}
	if (lines_wanted(args) && !cli_has(args, "html")) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
			    "source lines are for a page: give --html, too");
		return false;
	}
	entry = dumps_find_selected(session, cli_operands(args)[0], args, error);
	if (!entry)
		return false;
	good = cli_has(args, "html") ? export_page(session, entry, args, &local)
				     : export_archive(session, entry, args, &local);
	if (!good) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED, "%s", local->message);
		return false;
	}
	if (!session->quiet && strcmp(file, "-") != 0)
		print_clean("Dump %s exported to %s\n", entry->id, file);
	return true;
}

static const struct cli_option options[] = {
	{"force", 'f', NULL, CLI_NONE, "replace FILE if it is there"},
	{"html", 0, NULL, CLI_NONE,
	 "write the report as one HTML page instead; it needs no network and no other file"},
	LINES_OPTIONS,
	{"vmcore", 0, NULL, CLI_NONE, "add the full memory dump, if there is one"},
	{NULL, 0, NULL, 0, NULL},
};

const struct verb verb_export = {
	.name = "export",
	.operands = "ID FILE",
	.operand_kind = CLI_DUMP,
	.last_is_file = true,
	.min_operands = 2,
	.max_operands = 2,
	.summary = "write a dump into one archive or HTML page, to send to someone",
	.description =
		"Writes the dump into FILE, a gzipped tar archive, whole or not at all; '-' is "
		"standard "
		"output. 'virsh oopsbt info FILE' reads it.\n\n"
		"With --html FILE is one HTML page: the timeline to scale, what each CPU did, all "
		"stacks in one picture, who waits for whom, the registers at the fault, and the "
		"log. It works from a mail attachment. What it leaves out of a very large report "
		"it says.\n\n"
		"The archive holds pieces of the guest's memory: whatever was on its kernel stacks "
		"and in its kernel log.",
	.options = options,
	.shared_options = selection_options,
	/* A page contains no memory. */
	.choices = {"html|vmcore"},
	.run = run,
};
