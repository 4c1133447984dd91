/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <gio/gio.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>

#include "dumps.h"
#include "output.h"
#include "repeats_view.h"
#include "selection.h"
#include "verbs.h"

/*
 * A dump appears by a rename in its domain's directory, which may be new, too. So all directories
 * are monitored, and any event makes this read the store again; the events themselves are not
 * interpreted.
 */
struct watch {
	struct session *session;
	char *domain; /* NULL: all */
	const struct selection *selection;
	bool json;
	GHashTable *seen;     /* ids, and the number of repeats of each */
	GHashTable *monitors; /* path to GFileMonitor */
	GMainLoop *loop;
	guint rescan_source;
	GError *error;
};

static void print_new(const struct watch *watch, const struct store_entry *entry)
{
	g_autoptr(GDateTime) time = dumps_time(entry);
	g_autofree char *utc = g_date_time_format_iso8601(time);
	g_autofree char *local = local_time(utc);

	if (watch->json) {
		JsonNode *node = dumps_to_json(entry);
		g_autofree char *text = json_to_string(node, FALSE);

		print_json_text(text, strlen(text));
		putchar('\n');
		json_node_unref(node);
	} else {
		g_autofree char *note = repeats_note(entry);

		print_clean("%s   %s   %s   %s   %s%s\n", entry->id, entry->domain, local,
			    entry->incident ? entry->incident : "-", dumps_title(entry), note);
	}
}

static gboolean rescan(void *user_data);

static void on_change(GFileMonitor *monitor G_GNUC_UNUSED, GFile *file G_GNUC_UNUSED,
		      GFile *other G_GNUC_UNUSED, GFileMonitorEvent event G_GNUC_UNUSED,
		      void *user_data)
{
	struct watch *watch = user_data;

	if (!watch->rescan_source)
		watch->rescan_source = g_idle_add(rescan, watch);
}

static void monitor(struct watch *watch, const char *path)
{
	g_autoptr(GFile) file = NULL;
	GFileMonitor *new_monitor;

	if (g_hash_table_contains(watch->monitors, path))
		return;
	file = g_file_new_for_path(path);
	new_monitor = g_file_monitor_directory(file, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);
	if (!new_monitor)
		return;
	g_file_monitor_set_rate_limit(new_monitor, 0);
	g_signal_connect(new_monitor, "changed", G_CALLBACK(on_change), watch);
	g_hash_table_insert(watch->monitors, g_strdup(path), new_monitor);
}

/*
 * Monitors the existing directories of the store or, if there is no store, its nearest existing
 * parent.
 */
static void monitor_all(struct watch *watch)
{
	const char *root = store_root(session_store(watch->session));
	g_autoptr(GDir) dir = g_dir_open(root, 0, NULL);
	g_autofree char *path = g_strdup(root);
	const char *name;

	while (!g_file_test(path, G_FILE_TEST_IS_DIR) && strcmp(path, "/") != 0) {
		char *parent = g_path_get_dirname(path);

		g_free(path);
		path = parent;
	}
	monitor(watch, path);
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *child = g_build_filename(root, name, NULL);

		/*
		 * A link with the domain's name leads to a directory that is also listed by its
		 * UUID.
		 */
		if (g_file_test(child, G_FILE_TEST_IS_DIR) &&
		    !g_file_test(child, G_FILE_TEST_IS_SYMLINK))
			monitor(watch, child);
	}
}

/* True: it is new, or its bug occurred again. */
static bool see(struct watch *watch, const struct store_entry *entry)
{
	void *repeats;

	if (g_hash_table_lookup_extended(watch->seen, entry->id, NULL, &repeats) &&
	    GPOINTER_TO_UINT(repeats) == entry->repeats)
		return false;
	g_hash_table_insert(watch->seen, g_strdup(entry->id),
			    GUINT_TO_POINTER((guint)entry->repeats));
	return true;
}

/* Starts the monitors before it reads the list, so that no dump is missed in between. */
static bool scan(struct watch *watch, bool print, GError **error)
{
	struct store *store = session_store(watch->session);
	g_autoptr(GPtrArray) entries = NULL;
	g_autoptr(GError) local = NULL;

	monitor_all(watch);
	entries = store_list(store, watch->domain, &local);
	if (!entries && g_error_matches(local, STORE_ERROR, STORE_ERROR_NOT_FOUND))
		return true;
	if (!entries)
		return dumps_fail(watch->session, error, local);
	for (guint i = 0; i < entries->len; i++) {
		const struct store_entry *entry = entries->pdata[i];

		if (see(watch, entry) && print && selection_takes(watch->selection, entry))
			print_new(watch, entry);
	}
	return true;
}

/* Rejects domains that can never have dumps. Watches a domain that only libvirt knows by its UUID.
 */
static bool check(struct watch *watch, GError **error)
{
	struct session *session = watch->session;
	const char *root = store_root(session_store(session));
	g_autoptr(GPtrArray) entries = NULL;
	char *uuid = NULL;

	if (!dumps_require_local(session, "watching", error))
		return false;
	if (g_file_test(root, G_FILE_TEST_IS_DIR)) {
		entries = dumps_list(session, watch->domain, error);
		if (!entries)
			return false;
	} else if (session->directory) {
		print_warning("there is no directory %s yet", root);
	}
	if (!watch->domain || (entries && entries->len > 0))
		return true;
	if (!dumps_check_domain(session, watch->domain, &uuid, error))
		return false;
	if (uuid) {
		g_free(watch->domain);
		watch->domain = uuid;
	}
	return true;
}

static gboolean rescan(void *user_data)
{
	struct watch *watch = user_data;

	watch->rescan_source = 0;
	if (!scan(watch, true, &watch->error) || fflush(stdout) != 0)
		g_main_loop_quit(watch->loop);
	return G_SOURCE_REMOVE;
}

static gboolean stop(void *user_data)
{
	struct watch *watch = user_data;

	g_main_loop_quit(watch->loop);
	return G_SOURCE_CONTINUE;
}

static bool run(struct session *session, const struct cli_args *args, GError **error)
{
	g_auto(Selection) selection = {0};
	struct watch watch = {
		.session = session,
		.domain = g_strdup(cli_operands(args)[0]),
		.selection = &selection,
		.json = cli_has(args, "json"),
		.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.monitors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_object_unref),
		.loop = g_main_loop_new(NULL, FALSE),
	};
	bool good = selection_init(&selection, args, error) && check(&watch, error) &&
		    scan(&watch, false, error);

	if (good) {
		g_unix_signal_add(SIGINT, stop, &watch);
		g_unix_signal_add(SIGTERM, stop, &watch);
		if (!session->quiet && !watch.json)
			print_clean("Watching for oopses; Ctrl-C ends it\n");
		fflush(stdout);
		g_main_loop_run(watch.loop);
		if (watch.error) {
			g_propagate_error(error, watch.error);
			good = false;
		}
	}
	g_free(watch.domain);
	g_hash_table_unref(watch.monitors);
	g_hash_table_unref(watch.seen);
	g_main_loop_unref(watch.loop);
	return good;
}

static const struct cli_option options[] = {
	{"json", 0, NULL, CLI_NONE, "as JSON, one object a line"},
	{NULL, 0, NULL, 0, NULL},
};

const struct verb verb_watch = {
	.name = "watch",
	.operands = "[DOMAIN]",
	.operand_kind = CLI_DOMAIN,
	.max_operands = 1,
	.summary = "follow oopses as they come",
	.description =
		"Prints a line for each dump as it is stored, until it is interrupted: its "
		"id, domain, local time, kind of incident and title. When its bug comes again "
		"and has no dump of its own, the line is printed again with how often.",
	.options = options,
	.shared_options = SELECTION_OPTIONS_BUT_TIMES,
	.run = run,
};
