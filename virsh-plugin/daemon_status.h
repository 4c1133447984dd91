/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the state of this host's oopsbtd from /run/oopsbt/status.json, and finds its dumps. Does
 * not talk to the daemon.
 */
#ifndef OOPSBT_PLUGIN_DAEMON_STATUS_H
#define OOPSBT_PLUGIN_DAEMON_STATUS_H

#include <json-glib/json-glib.h>
#include <stdbool.h>

/* The directory of the running daemon, else of its configuration, else the default. g_free(). */
char *daemon_dump_directory(void);

/* auto_enable of the running daemon, else of its configuration; NULL: none. g_free(). */
char *daemon_auto_enable(void);

enum daemon_state {
	DAEMON_STOPPED,
	DAEMON_RUNNING,
	DAEMON_HIDDEN, /* this user may not read its file */
};

/* *@status is NULL unless the daemon runs; json_object_unref(). */
enum daemon_state daemon_status(JsonObject **status);

/* The entry of a domain, by UUID; NULL: none. Belongs to @status, which may be NULL. */
JsonObject *daemon_status_domain(JsonObject *status, const char *uuid);

#endif
