/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug_server.h"

#include <elfutils/debuginfod.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbols.h"

/* A kernel's debug information has about 700 MB; this is a generous limit. */
#define MAX_BYTES (G_GINT64_CONSTANT(8) << 30)
#define MAX_BYTES_TEXT "8589934592"
#define US_BETWEEN_LINES (200 * 1000)
#define MB 1000000

struct debug_server {
	debuginfod_client *client;
	bool progress;
	const char *what; /* the name of the download */
	gint64 shown_us;  /* when a line was last written; 0: never */
};

/* The signal that is ending this program; 0: none. */
static volatile sig_atomic_t ending_signal;

static const int ending_signals[] = {SIGHUP, SIGINT, SIGTERM};

static void remember_signal(int number)
{
	ending_signal = number;
}

/* A cancelled download removes its unfinished file from the cache; a signal alone would not. */
static void take_signals(struct sigaction *before)
{
	const struct sigaction action = {.sa_handler = remember_signal};

	for (size_t i = 0; i < G_N_ELEMENTS(ending_signals); i++) {
		sigaction(ending_signals[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			sigaction(ending_signals[i], &action, NULL);
	}
}

/* The cache directory, by the rules of debuginfod_find_debuginfo(3). */
static char *cache_directory(void)
{
	const char *path = g_getenv("DEBUGINFOD_CACHE_PATH");
	g_autofree char *old = g_build_filename(g_get_home_dir(), ".debuginfod_client_cache", NULL);

	if (path && *path)
		return g_strdup(path);
	return g_file_test(old, G_FILE_TEST_IS_DIR)
		       ? g_steal_pointer(&old)
		       : g_build_filename(g_get_user_cache_dir(), "debuginfod_client", NULL);
}

/*
 * The library records a cancelled download as "not found" with an empty file, which would prevent
 * another attempt for ten minutes.
 */
static void forget_failure(const char *build_id)
{
	g_autofree char *directory = cache_directory();
	g_autofree char *path = g_build_filename(directory, build_id, "debuginfo", NULL);
	struct stat status;

	if (lstat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0)
		unlink(path);
}

static void give_back_signals(const struct sigaction *before)
{
	for (size_t i = 0; i < G_N_ELEMENTS(ending_signals); i++)
		sigaction(ending_signals[i], &before[i], NULL);
	if (ending_signal)
		raise(ending_signal);
}

static int show_progress(debuginfod_client *client, long done, long all)
{
	struct debug_server *server = debuginfod_get_user_data(client);
	gint64 now_us = g_get_monotonic_time();

	if (done > MAX_BYTES || all > MAX_BYTES || ending_signal)
		return 1;
	if (!server->progress || done <= 0 || now_us - server->shown_us < US_BETWEEN_LINES)
		return 0;
	server->shown_us = now_us;
	fprintf(stderr, "\rdownloading debug information of %s: %ld", server->what, done / MB);
	if (all >= done)
		fprintf(stderr, " of %ld MB ", all / MB);
	else
		fputs(" MB ", stderr);
	return 0;
}

struct debug_server *debug_server_new(bool progress)
{
	const char *urls = g_getenv(DEBUGINFOD_URLS_ENV_VAR);
	struct debug_server *server;
	debuginfod_client *client;

	if (!urls || !*urls)
		return NULL;
	g_setenv(DEBUGINFOD_MAXSIZE_ENV_VAR, MAX_BYTES_TEXT, FALSE);
	client = debuginfod_begin();
	if (!client)
		return NULL;
	server = g_new0(struct debug_server, 1);
	server->client = client;
	server->progress = progress;
	debuginfod_set_user_data(client, server);
	debuginfod_set_progressfn(client, show_progress);
	return server;
}

void debug_server_free(struct debug_server *server)
{
	if (!server)
		return;
	debuginfod_end(server->client);
	g_free(server);
}

int debug_server_find(struct debug_server *server, const char *build_id, const char *what,
		      char **path, GError **error)
{
	struct sigaction before[G_N_ELEMENTS(ending_signals)];
	char *file = NULL;
	int fd;

	server->what = what;
	server->shown_us = 0;
	take_signals(before);
	/* Length 0: the build ID is text. */
	fd = debuginfod_find_debuginfo(server->client, (const unsigned char *)build_id, 0, &file);
	if (server->shown_us)
		fputc('\n', stderr);
	if (ending_signal)
		forget_failure(build_id);
	give_back_signals(before);
	if (fd < 0) {
		if (fd == -ENOENT)
			g_set_error(error, LINES_ERROR, LINES_ERROR_FILE,
				    "the debuginfod servers do not have it");
		else
			g_set_error(error, LINES_ERROR, LINES_ERROR_FILE, "debuginfod: %s",
				    g_strerror(-fd));
		return -1;
	}
	*path = g_strdup(file);
	free(file);
	return fd;
}
