/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- signals --- */

/* The file that a fatal signal must remove; NULL: none. */
static const char *volatile unfinished;

static const int ending_signals[] = {SIGHUP, SIGINT, SIGTERM};

static void remove_unfinished(int number)
{
	const char *path = unfinished;

	if (path)
		unlink(path);
	/* SA_RESETHAND has restored the default action, which kills the program. */
	raise(number);
}

/* Keeps ignored signals ignored, as under nohup. */
static void watch_signals(struct sigaction *before)
{
	struct sigaction action = {.sa_handler = remove_unfinished, .sa_flags = SA_RESETHAND};

	for (size_t i = 0; i < G_N_ELEMENTS(ending_signals); i++) {
		sigaction(ending_signals[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			sigaction(ending_signals[i], &action, NULL);
	}
}

static void restore_signals(const struct sigaction *before)
{
	for (size_t i = 0; i < G_N_ELEMENTS(ending_signals); i++)
		sigaction(ending_signals[i], &before[i], NULL);
}

/* --- the file --- */

/* Gives the file its final name. Replaces an existing file only if @replace. */
static bool publish(const char *temporary, const char *path, bool replace, GError **error)
{
	int result = replace ? rename(temporary, path) : link(temporary, path);

	if (result == 0)
		return true;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot write %s: %s%s", path,
		    g_strerror(errno), errno == EEXIST ? "\n--force replaces it" : "");
	return false;
}

/* @temporary ends with "XXXXXX", which is filled in. */
static bool write_new(char *temporary, const char *path, bool replace,
		      bool (*write)(int fd, void *data, GError **error), void *data, GError **error)
{
	int fd = g_mkstemp_full(temporary, O_RDWR | O_CLOEXEC, 0600);
	bool good;

	if (fd < 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot write %s: %s", path,
			    g_strerror(errno));
		return false;
	}
	good = write(fd, data, error);
	if (good && fsync(fd) < 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot write %s: %s", path,
			    g_strerror(errno));
		good = false;
	} else if (!good) {
		g_prefix_error(error, "cannot write %s: ", path);
	}
	close(fd);
	good = good && publish(temporary, path, replace, error);
	unlink(temporary);
	return good;
}

bool new_file_write(const char *path, bool replace,
		    bool (*write)(int fd, void *data, GError **error), void *data, GError **error)
{
	struct sigaction before[G_N_ELEMENTS(ending_signals)];
	g_autofree char *temporary = NULL;
	bool good;

	if (strcmp(path, "-") == 0)
		return write(STDOUT_FILENO, data, error);
	if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY,
			    "cannot write %s: it is a directory\nname a file in it", path);
		return false;
	}
	temporary = g_strconcat(path, ".XXXXXX", NULL);
	unfinished = temporary;
	watch_signals(before);
	good = write_new(temporary, path, replace, write, data, error);
	restore_signals(before);
	unfinished = NULL;
	return good;
}
