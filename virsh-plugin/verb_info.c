/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "common/json.h"
#include "dumps.h"
#include "output.h"
#include "verbs.h"

/* A report of 4096 vCPUs with deep stacks is tens of megabytes. */
#define MAX_FILE ((size_t)256 << 20)
#define MAX_DEPTH 16

static bool damaged(GError **error, const struct store_entry *entry, const char *why)
{
	g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
		    "dump %s is damaged: %s\nwhat there is of it lies in %s", entry->id, why,
		    entry->path);
	return false;
}

static char *read_file(struct session *session, const struct store_entry *entry, const char *name,
		       size_t *length, GError **error)
{
	g_autoptr(GError) local = NULL;
	char *text = store_read(entry, name, MAX_FILE, length, &local);

	if (!text && (g_error_matches(local, STORE_ERROR, STORE_ERROR_NOT_FOUND) ||
		      g_error_matches(local, STORE_ERROR, STORE_ERROR_DAMAGED)))
		damaged(error, entry, local->message);
	else if (!text)
		dumps_fail(session, error, local);
	return text;
}

static bool check_json(const struct store_entry *entry, const char *text, size_t length,
		       GError **error)
{
	g_autoptr(GError) local = NULL;
	JsonObject *object = untrusted_json_parse(text, length, MAX_DEPTH, &local);

	if (!object)
		return damaged(error, entry, local->message);
	json_object_unref(object);
	return true;
}

static bool run(struct session *session, const struct cli_args *args, GError **error)
{
	g_autoptr(StoreEntry) entry = dumps_find(session, cli_operands(args)[0], error);
	bool json = cli_has(args, "json");
	const char *name = "report.txt";
	g_autofree char *text = NULL;
	size_t length;

	if (!entry)
		return false;
	if (json)
		name = "report.json";
	else if (cli_has(args, "log"))
		name = "dmesg.txt";
	else if (cli_has(args, "registers"))
		name = "registers.txt";
	text = read_file(session, entry, name, &length, error);
	if (!text || (json && !check_json(entry, text, length, error)))
		return false;
	pager_open(!cli_has(args, "no-pager") && !json);
	if (json)
		print_json_text(text, length);
	else
		print_text(text, length);
	return true;
}

static const struct cli_option options[] = {
	{"log", 0, NULL, CLI_NONE, "the guest's whole kernel log"},
	{"registers", 0, NULL, CLI_NONE, "the registers as the monitor printed them"},
	{"json", 0, NULL, CLI_NONE, "the report as JSON"},
	{"no-pager", 0, NULL, CLI_NONE, "never through a pager"},
	{NULL, 0, NULL, 0, NULL},
};

const struct verb verb_info = {
	.name = "info",
	.operands = "[DOMAIN|ID]",
	.operand_kind = CLI_DUMP,
	.max_operands = 1,
	.summary = "a report: the newest, a domain's newest, or by id",
	.description =
		"Prints the report of one dump: what happened, when, and where every vCPU was.",
	.options = options,
	.run = run,
};
