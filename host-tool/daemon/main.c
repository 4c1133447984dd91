/* SPDX-License-Identifier: GPL-2.0-or-later */
/* oopsbtd: command line, state shared by all collections, and the main loop. */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <libvirt-glib/libvirt-glib.h>
#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon/config.h"
#include "daemon/config_file.h"
#include "daemon/domains.h"
#include "daemon/hook.h"
#include "daemon/log.h"
#include "daemon/runtime.h"
#include "daemon/status.h"
#include "daemon/trim.h"

/*
 * Seconds for running collections at exit: then they are cancelled, after the same time abandoned.
 */
#define FINISH_S 5
#define ABORT_S 3
/* A wrong command line or configuration: restarting does not help. The unit uses this status. */
#define EXIT_MISTAKE 2
/* After this many seconds code that only startup needs is dropped. */
#define TRIM_AFTER_S 10

struct daemon {
	char *config_path; /* NULL: the default file */
	bool uri_is_given; /* given on the command line */
	int given_level;   /* given on the command line; 0: none */
	struct config config;
	char *runtime_directory;
	struct log *log;
	struct store *store;
	struct guard *guard;
	struct pauses *pauses;
	struct analyzer_pool *analyzers;
	struct collector collector;
	struct domains *domains;
	GMainLoop *loop;
	guint guard_source;
	bool abandons; /* a thread is left behind at exit */
};

/*
 * Each vCPU watched for hangs needs two descriptors. The usual limit is for programs that use
 * select(); oopsbtd does not.
 */
static void raise_limit_of_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* --- the freeze guard --- */

static gboolean on_guard_died(int fd, GIOCondition condition, void *user_data);

static void watch_guard(struct daemon *daemon)
{
	daemon->guard_source =
		g_unix_fd_add(guard_fd(daemon->guard), G_IO_IN | G_IO_HUP, on_guard_died, daemon);
}

static gboolean on_guard_died(int fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED,
			      void *user_data)
{
	struct daemon *daemon = user_data;
	g_autoptr(GError) error = NULL;

	daemon->guard_source = 0;
	if (guard_revive(daemon->guard, &error)) {
		log_write(daemon->log, LOG_WARNING, NULL, NULL,
			  "the freeze guard ended; started a new one");
		watch_guard(daemon);
	} else {
		/* The next freeze starts the guard again; without a guard no guest is frozen. */
		log_write(daemon->log, LOG_ERR, NULL, NULL, "%s", error->message);
	}
	return G_SOURCE_REMOVE;
}

/* --- shutdown --- */

static gboolean give_up(void *user_data)
{
	struct daemon *daemon = user_data;

	log_write(daemon->log, LOG_ERR, NULL, NULL, "abandoning a collection that does not finish");
	daemon->abandons = true;
	g_main_loop_quit(daemon->loop);
	return G_SOURCE_REMOVE;
}

static gboolean abort_collections(void *user_data)
{
	struct daemon *daemon = user_data;

	log_write(daemon->log, LOG_WARNING, NULL, NULL, "stopping: cancelling collections");
	domains_abort(daemon->domains);
	g_timeout_add_seconds(ABORT_S, give_up, daemon);
	return G_SOURCE_REMOVE;
}

static void on_idle(void *user_data)
{
	struct daemon *daemon = user_data;

	g_main_loop_quit(daemon->loop);
}

static gboolean on_signal(void *user_data)
{
	struct daemon *daemon = user_data;

	sd_notify(0, "STOPPING=1");
	log_write(daemon->log, LOG_INFO, NULL, NULL, "stopping");
	g_timeout_add_seconds(FINISH_S, abort_collections, daemon);
	domains_stop(daemon->domains, on_idle, daemon);
	return G_SOURCE_REMOVE;
}

/* --- a new configuration --- */

/* Settings that need a restart of the daemon: it has connections and files open there. */
static void keep_fixed(struct log *log, const char *key, char **now, char **next)
{
	if (g_strcmp0(*now, *next) != 0)
		log_write(log, LOG_WARNING, NULL, NULL,
			  "%s: still %s: restart oopsbtd to change it", key, *now);
	g_free(*next);
	*next = g_steal_pointer(now);
}

static void apply_config(struct daemon *daemon)
{
	const struct config *config = &daemon->config;

	log_set_level(daemon->log, daemon->given_level ? daemon->given_level : config->log_level);
	daemon->collector.memory = config->memory;
	daemon->collector.log_settle_ms = config->log_settle_ms;
	daemon->collector.freeze_deadline_ms = config->freeze_deadline_ms;
	daemon->collector.free_space_floor = config->free_space_floor;
	daemon->collector.quota = config->quota;
}

static bool load_config(struct daemon *daemon, GError **error)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	struct config next;

	if (!config_load(daemon->config_path, &next, warnings, error)) {
		config_clear(&next);
		return false;
	}
	for (guint i = 0; i < warnings->len; i++)
		log_write(daemon->log, LOG_WARNING, NULL, NULL, "%s", (char *)warnings->pdata[i]);
	if (daemon->uri_is_given) {
		g_free(next.uri);
		next.uri = g_strdup(daemon->config.uri);
	}
	keep_fixed(daemon->log, "[daemon] uri", &daemon->config.uri, &next.uri);
	keep_fixed(daemon->log, "[store] root", &daemon->config.store, &next.store);
	config_clear(&daemon->config);
	daemon->config = next;
	return true;
}

static gboolean on_reload(void *user_data)
{
	struct daemon *daemon = user_data;
	g_autofree char *reloading = g_strdup_printf(
		"RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time());
	g_autoptr(GError) error = NULL;

	sd_notify(0, reloading);
	if (load_config(daemon, &error)) {
		apply_config(daemon);
		analyzer_pool_set_limits(daemon->analyzers, &daemon->config.analyzer);
		domains_reconfigured(daemon->domains);
		log_write(daemon->log, LOG_INFO, NULL, NULL, "configuration loaded again");
	} else {
		log_write(daemon->log, LOG_ERR, NULL, NULL,
			  "configuration not loaded, still using the old one: %s", error->message);
	}
	sd_notify(0, "READY=1");
	return G_SOURCE_CONTINUE;
}

/* --- systemd's watchdog --- */

/* Called from the main loop, so a hung main loop does not notify systemd. */
static gboolean pat_watchdog(void *user_data)
{
	const struct daemon *daemon = user_data;
	const char *what = domains_stand(daemon->domains);

	if (what == NULL) {
		sd_notify(0, "WATCHDOG=1");
		return G_SOURCE_CONTINUE;
	}
	log_write(daemon->log, LOG_ERR, NULL, NULL, "%s; systemd's watchdog restarts oopsbtd",
		  what);
	return G_SOURCE_REMOVE;
}

static void start_watchdog(struct daemon *daemon)
{
	uint64_t interval_us;

	if (sd_watchdog_enabled(0, &interval_us) > 0)
		g_timeout_add_seconds(MAX((guint)(interval_us / G_USEC_PER_SEC / 3), 1),
				      pat_watchdog, daemon);
}

/* --- */

static bool set_up(struct daemon *daemon, GError **error)
{
	const struct config *config = &daemon->config;

	daemon->store = store_new(config->store);
	daemon->analyzers = analyzer_pool_new(&config->analyzer);
	daemon->pauses = pauses_new();
	daemon->guard = guard_new(daemon->runtime_directory, config->uri, error);
	if (daemon->guard == NULL || !analyzer_pool_fill(daemon->analyzers, 1, error))
		return false;
	watch_guard(daemon);
	daemon->collector = (struct collector){
		.store = daemon->store,
		.analyzers = daemon->analyzers,
		.guard = daemon->guard,
		.pauses = daemon->pauses,
		.runtime_directory = daemon->runtime_directory,
	};
	apply_config(daemon);
	daemon->domains = domains_new(config, &daemon->collector, daemon->log);
	return true;
}

static void tell_removed(const struct store_entry *entry, const char *why, void *user_data)
{
	struct daemon *daemon = user_data;

	log_write(daemon->log, LOG_WARNING, entry->domain, entry->id, "removed: %s", why);
}

/* Removes dumps that exceeded the limits while nothing was collected. */
static void enforce_quota(struct daemon *daemon)
{
	g_autoptr(GError) error = NULL;

	if (!store_enforce(daemon->store, &daemon->config.quota, tell_removed, daemon, &error))
		log_write(daemon->log, LOG_WARNING, NULL, NULL,
			  "the store may be over its limits: %s", error->message);
}

static void tear_down(struct daemon *daemon)
{
	if (daemon->guard_source)
		g_source_remove(daemon->guard_source);
	domains_free(daemon->domains);
	guard_free(daemon->guard);
	pauses_unref(daemon->pauses);
	analyzer_pool_free(daemon->analyzers);
	store_free(daemon->store);
	config_clear(&daemon->config);
	g_free(daemon->config_path);
	log_close(daemon->log);
	log_unref(daemon->log);
	g_free(daemon->runtime_directory);
	g_clear_pointer(&daemon->loop, g_main_loop_unref);
}

/*
 * Instead of tear_down(): a thread that gets its answer now uses everything that it has. The guard
 * resumes what is frozen.
 */
static void abandon(struct daemon *daemon, int status)
{
	guard_free(daemon->guard);
	log_close(daemon->log);
	/* Its disk may hang. */
	if (daemon->config.metrics)
		unlink(daemon->config.metrics);
	_exit(status);
}

static void ignore_libvirt_error(void *user_data G_GNUC_UNUSED, virErrorPtr error G_GNUC_UNUSED)
{
}

static gboolean trim(void *user_data G_GNUC_UNUSED)
{
	trim_code();
	return G_SOURCE_REMOVE;
}

static void tell_ready(int ready_fd)
{
	sd_notify(0, "READY=1");
	if (ready_fd >= 0) {
		if (write(ready_fd, "", 1) < 0)
			return; /* the parent is gone */
		close(ready_fd);
	}
}

static int run(struct daemon *daemon, int ready_fd)
{
	g_autoptr(GError) error = NULL;

	/* The daemon has many short-lived threads: one malloc arena for each would waste memory. */
	mallopt(M_ARENA_MAX, 2);
	g_thread_pool_set_max_idle_time(10000);
	virSetErrorFunc(NULL, ignore_libvirt_error);
	gvir_event_register();
	daemon->loop = g_main_loop_new(NULL, FALSE);
	g_unix_signal_add(SIGTERM, on_signal, daemon);
	g_unix_signal_add(SIGINT, on_signal, daemon);
	g_unix_signal_add(SIGHUP, on_reload, daemon);
	signal(SIGPIPE, SIG_IGN);
	if (!set_up(daemon, &error)) {
		log_write(daemon->log, LOG_ERR, NULL, NULL, "%s", error->message);
		return EXIT_FAILURE;
	}
	start_watchdog(daemon);
	g_timeout_add_seconds(TRIM_AFTER_S, trim, NULL);
	log_write(daemon->log, LOG_INFO, NULL, NULL, "version " OOPSBT_VERSION ", dumps go to %s",
		  daemon->config.store);
	enforce_quota(daemon);
	hook_start_due(daemon->store, daemon->runtime_directory, daemon->log);
	tell_ready(ready_fd);
	g_main_loop_run(daemon->loop);
	runtime_remove(daemon->runtime_directory, STATUS_FILE);
	return EXIT_SUCCESS;
}

/* The parent returns when the child is ready or has failed. The child gets *@ready_fd. */
static bool go_background(int *ready_fd)
{
	int fds[2];
	char byte;
	int null_fd;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	pid = fork();
	if (pid < 0)
		return false;
	if (pid > 0) {
		close(fds[1]);
		/* The log has the error. */
		_exit(read(fds[0], &byte, 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	close(fds[0]);
	setsid();
	null_fd = open("/dev/null", O_RDWR);
	if (null_fd < 0)
		return false;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(null_fd, fd);
	if (null_fd > STDERR_FILENO)
		close(null_fd);
	*ready_fd = fds[1];
	return true;
}

struct arguments {
	gboolean foreground, check_config, version;
	char *config, *uri, *log_level;
};

static bool parse_arguments(int argc, char **argv, struct arguments *arguments, GError **error)
{
	const GOptionEntry entries[] = {
		{"foreground", 'f', 0, G_OPTION_ARG_NONE, &arguments->foreground,
		 "Stay in the foreground and log to standard error", NULL},
		{"config", 'c', 0, G_OPTION_ARG_FILENAME, &arguments->config,
		 "Read FILE instead of " CONFIG_DEFAULT_PATH, "FILE"},
		{"uri", 0, 0, G_OPTION_ARG_STRING, &arguments->uri,
		 "The libvirt connection, instead of the configured one", "URI"},
		{"log-level", 0, 0, G_OPTION_ARG_STRING, &arguments->log_level,
		 "What is logged at least: " LOG_LEVELS ", instead of the configured level",
		 "LEVEL"},
		{"check-config", 0, 0, G_OPTION_ARG_NONE, &arguments->check_config,
		 "Print what is wrong with the configuration, and exit: 0 if nothing is", NULL},
		{"version", 'V', 0, G_OPTION_ARG_NONE, &arguments->version,
		 "Print the version and exit", NULL},
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);

	g_option_context_set_summary(
		context,
		"Records what Linux guests were doing when they oopsed. Enable a guest with\n"
		"`virsh oopsbt enable DOMAIN`.");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, error))
		return false;
	if (argc > 1) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
			    "\"%s\": no arguments are expected", argv[1]);
		return false;
	}
	return true;
}

static int complain(const GError *error, int status)
{
	fprintf(stderr, "oopsbtd: %s\n", error->message);
	return status;
}

/* A running daemon ignores unknown keys; this check reports them as errors. */
static int check_config(const char *path)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) files = config_files(path);
	struct config config;

	config_look(path, &config, warnings, errors);
	config_clear(&config);
	for (guint i = 0; i < errors->len; i++)
		printf("%s\n", (const char *)errors->pdata[i]);
	for (guint i = 0; i < warnings->len; i++)
		printf("%s\n", (const char *)warnings->pdata[i]);
	if (errors->len + warnings->len == 0)
		for (guint i = 0; i < files->len; i++)
			printf("%s: %s\n", (const char *)files->pdata[i],
			       g_file_test(files->pdata[i], G_FILE_TEST_EXISTS) ? "good"
										: "not there");
	return errors->len + warnings->len ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Takes the options that the daemon keeps. False: an invalid value. */
static bool take_arguments(struct daemon *daemon, struct arguments *arguments)
{
	if (arguments->log_level &&
	    !log_level_from_word(arguments->log_level, &daemon->given_level)) {
		fprintf(stderr, "oopsbtd: --log-level: \"%s\" is not " LOG_LEVELS "\n",
			arguments->log_level);
		return false;
	}
	if (arguments->uri) {
		g_free(daemon->config.uri);
		daemon->config.uri = g_steal_pointer(&arguments->uri);
		daemon->uri_is_given = true;
	}
	daemon->config_path = g_steal_pointer(&arguments->config);
	return true;
}

int main(int argc, char **argv)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	struct arguments arguments = {0};
	struct daemon daemon = {0};
	g_autoptr(GError) error = NULL;
	int ready_fd = -1;
	int status;

	setlocale(LC_CTYPE, "C.UTF-8");
	if (!parse_arguments(argc, argv, &arguments, &error)) {
		g_prefix_error(&error, "usage: ");
		return complain(error, EXIT_MISTAKE);
	}
	if (arguments.version) {
		printf("oopsbtd " OOPSBT_VERSION "\n");
		return EXIT_SUCCESS;
	}
	if (arguments.check_config)
		return check_config(arguments.config);
	if (!config_load(arguments.config, &daemon.config, warnings, &error))
		return complain(error, EXIT_MISTAKE);
	if (!take_arguments(&daemon, &arguments))
		return EXIT_MISTAKE;
	daemon.runtime_directory = runtime_directory();
	if (!runtime_claim(daemon.runtime_directory, &error))
		return complain(error, EXIT_FAILURE);
	if (!arguments.foreground && !go_background(&ready_fd)) {
		fprintf(stderr, "oopsbtd: going to the background: %s\n", g_strerror(errno));
		return EXIT_FAILURE;
	}
	raise_limit_of_descriptors();
	daemon.log = log_new("oopsbtd", !arguments.foreground);
	for (guint i = 0; i < warnings->len; i++)
		log_write(daemon.log, LOG_WARNING, NULL, NULL, "%s", (char *)warnings->pdata[i]);
	status = run(&daemon, ready_fd);
	if (daemon.abandons)
		abandon(&daemon, status);
	tear_down(&daemon);
	return status;
}
