/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What oopsbtd of this host says about itself in /run/oopsbt/status.json, and where it keeps its
 * dumps. Nothing here talks to the daemon: the file is all there is.
 */
#ifndef OOPSBT_PLUGIN_DAEMON_STATUS_H
#define OOPSBT_PLUGIN_DAEMON_STATUS_H

#include <json-glib/json-glib.h>
#include <stdbool.h>

/* The directory of the running daemon, or that of its configuration, or the default. g_free(). */
char *daemon_dump_directory(void);

/* auto_enable of the running daemon, or that of its configuration; NULL: none. g_free(). */
char *daemon_auto_enable(void);

enum daemon_state {
	DAEMON_STOPPED,
	DAEMON_RUNNING,
	DAEMON_HIDDEN, /* its file is not for this user */
};

/* *@status is NULL unless it is running; else json_object_unref(). */
enum daemon_state daemon_status(JsonObject **status);

/* What it knows about a domain, by UUID; NULL: nothing. Belongs to @status, which may be NULL. */
JsonObject *daemon_status_domain(JsonObject *status, const char *uuid);

#endif
