/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug information from debuginfod servers in DEBUGINFOD_URLS. It shares variable and cache with
 * gdb and drgn. A server learns the requested build IDs.
 */
#ifndef OOPSBT_LINES_DEBUG_SERVER_H
#define OOPSBT_LINES_DEBUG_SERVER_H

#include <glib.h>
#include <stdbool.h>

struct debug_server;
/*
 * NULL: the environment names no server. @progress: show the progress of downloads on standard
 * error.
 */
struct debug_server *debug_server_new(bool progress);
void debug_server_free(struct debug_server *server);

/* @what: for the progress line. Returns a file descriptor and its @path, g_free(); -1: an error. */
int debug_server_find(struct debug_server *server, const char *build_id, const char *what,
		      char **path, GError **error);

#endif
