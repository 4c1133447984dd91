/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "output.h"
#include "verbs.h"

/* The maximum size of a report; the analyser's output is untrusted. */
#define MAX_REPORT ((size_t)256 << 20)

static char *analyser(void)
{
	const char *override = secure_getenv("OOPSBT_ANALYZER");

	return override ? g_strdup(override)
			: g_build_filename(OOPSBT_LIBEXECDIR, "oopsbt-analyze", NULL);
}

/* What the analyser printed, without its name and the file's. */
static const char *reason_in(const char *messages, const char *file)
{
	g_autofree char *prefix = g_strdup_printf("oopsbt-analyze: %s: ", file);

	return g_str_has_prefix(messages, prefix) ? messages + strlen(prefix) : messages;
}

static bool run(struct session *session G_GNUC_UNUSED, const struct cli_args *args, GError **error)
{
	g_autofree char *program = analyser();
	g_autofree char *file = g_canonicalize_filename(cli_operands(args)[0], NULL);
	bool json = cli_has(args, "json");
	const char *argv[] = {program, file, NULL, NULL};
	g_autofree char *output = NULL;
	g_autofree char *messages = NULL;
	g_autoptr(GError) local = NULL;
	int status;

	if (access(file, R_OK) < 0) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED, "cannot read %s: %s", file,
			    g_strerror(errno));
		return false;
	}
	if (json)
		argv[2] = "--json";
	else if (cli_has(args, "log"))
		argv[2] = "--dmesg";
	if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output,
			  &messages, &status, &local)) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED, "cannot run the analyser: %s",
			    local->message);
		return false;
	}
	if (!g_spawn_check_wait_status(status, &local)) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "cannot analyze %s: %s\n"
			    "it takes a dump's core, or a full dump of a Linux guest made with "
			    "'virsh dump --memory-only'",
			    file,
			    *messages ? reason_in(g_strchomp(messages), file) : local->message);
		return false;
	}
	pager_open(!cli_has(args, "no-pager") && !json);
	if (json)
		print_json_text(output, strnlen(output, MAX_REPORT));
	else
		print_text(output, strnlen(output, MAX_REPORT));
	return true;
}

static const struct cli_option options[] = {
	{"json", 0, NULL, CLI_NONE, "the report as JSON"},
	{"log", 0, NULL, CLI_NONE, "the guest's kernel log"},
	{"no-pager", 0, NULL, CLI_NONE, "print without a pager"},
	{NULL, 0, NULL, 0, NULL},
};

const struct verb verb_analyze = {
	.name = "analyze",
	.operands = "FILE",
	.operand_kind = CLI_FILE,
	.min_operands = 1,
	.max_operands = 1,
	.summary = "make a report from a core or a full dump",
	.description =
		"Makes a report from a dump's core or from a full dump of a Linux guest, ELF or "
		"kdump, as 'virsh dump --memory-only' writes it. Nothing is stored.",
	.options = options,
	.choices = {"json|log"},
	.run = run,
};
