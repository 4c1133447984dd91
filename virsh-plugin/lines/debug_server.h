/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug information from debuginfod servers: those that DEBUGINFOD_URLS names, as for gdb and drgn,
 * into the cache that these use, too. A server learns the build IDs that are asked for.
 */
#ifndef OOPSBT_LINES_DEBUG_SERVER_H
#define OOPSBT_LINES_DEBUG_SERVER_H

#include <glib.h>
#include <stdbool.h>

struct debug_server;
/* NULL: the environment names no server. @progress: how far a download is goes to standard error.
 */
struct debug_server *debug_server_new(bool progress);
void debug_server_free(struct debug_server *server);

/* @what: for the progress line. A file descriptor and its @path, g_free(); -1: an error. */
int debug_server_find(struct debug_server *server, const char *build_id, const char *what,
		      char **path, GError **error);

#endif
