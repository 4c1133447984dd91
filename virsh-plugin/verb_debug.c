/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/json_head.h"
#include "dumps.h"
#include "output.h"
#include "selection.h"
#include "verbs.h"

#define MAX_REPORT ((size_t)256 << 20)

/* The release is guest text and becomes a part of a path. */
static bool is_plain_release(const char *release)
{
	return release && *release && release[0] != '.' &&
	       release[strspn(release, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789.-_+~")] == '\0';
}

static char *guest_release(const struct store_entry *entry)
{
	static const char *const paths[] = {"guest.release", NULL};
	size_t length;
	g_autofree char *json = store_read(entry, "report.json", MAX_REPORT, &length, NULL);
	char *release = NULL;

	if (json && json_head_strings(json, length, paths, &release) && is_plain_release(release))
		return release;
	g_free(release);
	return NULL;
}

/* Searches the places where Debian, Fedora and others install a kernel's debug information. */
static char *find_vmlinux(const char *release)
{
	static const char *const places[] = {
		"/usr/lib/debug/boot/vmlinux-%s",
		"/usr/lib/debug/lib/modules/%s/vmlinux",
		"/usr/lib/debug/usr/lib/modules/%s/vmlinux",
		"/lib/modules/%s/build/vmlinux",
	};

	for (size_t i = 0; release && i < G_N_ELEMENTS(places); i++) {
		g_auto(GStrv) parts = g_strsplit(places[i], "%s", 2);
		g_autofree char *path = g_strjoinv(release, parts);

		if (access(path, R_OK) == 0)
			return g_steal_pointer(&path);
	}
	return NULL;
}

/* The commands to try, in order, unless the user chose one: array of words, NULL-terminated. */
static GPtrArray *command_line(const char *debugger, const char *vmlinux, const char *core)
{
	GPtrArray *words = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(words, g_strdup(debugger));
	if (strcmp(debugger, "drgn") == 0) {
		g_ptr_array_add(words, g_strdup("-c"));
		g_ptr_array_add(words, g_strdup(core));
		if (vmlinux) {
			g_ptr_array_add(words, g_strdup("-s"));
			g_ptr_array_add(words, g_strdup(vmlinux));
		}
	} else if (strcmp(debugger, "crash") == 0) {
		g_ptr_array_add(words, g_strdup(vmlinux));
		g_ptr_array_add(words, g_strdup(core));
	} else {
		g_ptr_array_add(words,
				vmlinux ? g_strdup(vmlinux) : g_strconcat("--core=", core, NULL));
		if (vmlinux)
			g_ptr_array_add(words, g_strdup(core));
	}
	g_ptr_array_add(words, NULL);
	return words;
}

static const char *choose_debugger(const struct cli_args *args, GError **error)
{
	static const char *const known[] = {"gdb", "crash", "drgn", NULL};
	const char *wanted = cli_value(args, "debugger");

	if (wanted && !g_strv_contains(known, wanted)) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
			    "option --debugger cannot be '%s': it takes gdb|crash|drgn", wanted);
		return NULL;
	}
	for (const char *const *name = known; *name; name++) {
		g_autofree char *path = g_find_program_in_path(*name);

		if ((!wanted || strcmp(wanted, *name) == 0) && path)
			return *name;
	}
	g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED, "%s is not installed\ninstall it%s",
		    wanted ? wanted : "no debugger (gdb, crash, drgn)",
		    wanted ? ", or try another: --debugger gdb|crash|drgn" : "");
	return NULL;
}

static bool run(struct session *session, const struct cli_args *args, GError **error)
{
	g_autoptr(StoreEntry) entry = NULL;
	const char *debugger = choose_debugger(args, error);
	g_autofree char *release = NULL;
	g_autofree char *vmlinux = NULL;
	g_autofree char *core = NULL;
	g_autoptr(GPtrArray) words = NULL;

	if (!debugger || !dumps_require_local(session, "debugging", error))
		return false;
	entry = dumps_find_selected(session, cli_operands(args)[0], args, error);
	if (!entry)
		return false;
	release = guest_release(entry);
	vmlinux = cli_value(args, "vmlinux") ? g_strdup(cli_value(args, "vmlinux"))
					     : find_vmlinux(release);
	core = g_build_filename(entry->path, entry->vmcore ? "vmcore" : "core", NULL);
	if (access(core, R_OK) < 0) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED, "dump %s is damaged: %s: %s",
			    entry->id, core, g_strerror(errno));
		return false;
	}
	if (!vmlinux && strcmp(debugger, "crash") == 0) {
		g_set_error(
			error, CLI_ERROR, CLI_ERROR_FAILED,
			"crash needs the kernel %s with its debug information\n"
			"install its debug package (Debian: linux-image-%s-dbg), or name it with "
			"--vmlinux FILE",
			release ? release : "(unknown)", release ? release : "...");
		return false;
	}
	if (!vmlinux && !session->quiet)
		print_clean("No debug information for kernel %s; --vmlinux FILE names it\n",
			    release ? release : "(unknown)");
	words = command_line(debugger, vmlinux, core);
	if (!output_close(error))
		return false;
	execvp(words->pdata[0], (char **)words->pdata);
	g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED, "cannot run %s: %s", debugger,
		    g_strerror(errno));
	return false;
}

static const struct cli_option options[] = {
	{"debugger", 0, "gdb|crash|drgn", CLI_WORDS,
	 "which debugger to start (default: the first that is installed)"},
	{"vmlinux", 0, "FILE", CLI_FILE, "the guest's kernel with its debug information"},
	{NULL, 0, NULL, 0, NULL},
};

const struct verb verb_debug = {
	.name = "debug",
	.operands = "[DOMAIN|ID]",
	.operand_kind = CLI_DUMP,
	.max_operands = 1,
	.summary = "start a debugger on a dump's core",
	.description =
		"Starts gdb, crash or drgn on the dump's full memory dump if there is one, else on "
		"its "
		"core, which holds the registers and every page that the report was made from. The "
		"kernel's debug information is used if it is installed.",
	.options = options,
	.shared_options = selection_options,
	.run = run,
};
