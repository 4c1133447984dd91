/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <unistd.h>

#include "archive.h"
#include "dumps.h"
#include "output.h"
#include "verbs.h"

static bool run(struct session *session, const struct cli_args *args, GError **error)
{
	static const char *const without_vmcore[] = {"vmcore", NULL};
	static const char *const all[] = {NULL};
	const char *file = cli_operands(args)[1];
	g_autoptr(StoreEntry) entry = dumps_find(session, cli_operands(args)[0], error);
	g_autoptr(GError) local = NULL;

	if (!entry)
		return false;
	if (strcmp(file, "-") == 0 && isatty(STDOUT_FILENO)) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
			    "an archive is not for a terminal; give a file name");
		return false;
	}
	if (!archive_write(file, entry->path, entry->id,
			   cli_has(args, "vmcore") ? all : without_vmcore, cli_has(args, "force"),
			   &local)) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED, "%s", local->message);
		return false;
	}
	if (!session->quiet && strcmp(file, "-") != 0)
		print_clean("Dump %s exported to %s\n", entry->id, file);
	return true;
}

static const struct cli_option options[] = {
	{"force", 'f', NULL, CLI_NONE, "replace FILE if it is there"},
	{"vmcore", 0, NULL, CLI_NONE, "with the full memory dump, if there is one"},
	{NULL, 0, NULL, 0, NULL},
};

const struct verb verb_export = {
	.name = "export",
	.operands = "ID FILE",
	.operand_kind = CLI_DUMP,
	.min_operands = 2,
	.max_operands = 2,
	.summary = "one compressed archive of a dump, to send to someone",
	.description =
		"Writes the dump into FILE, a gzipped tar archive, whole or not at all; '-' is "
		"standard "
		"output. 'virsh oopsbt info FILE' reads it.\n\n"
		"The archive holds pieces of the guest's memory: whatever was on its kernel stacks "
		"and in its kernel log.",
	.options = options,
	.run = run,
};
