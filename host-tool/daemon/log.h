/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's log: the journal, with fields, where systemd collects it; syslog in the background;
 * standard error otherwise. Thread-safe. Everything is made clean on the way.
 */
#ifndef OOPSBT_DAEMON_LOG_H
#define OOPSBT_DAEMON_LOG_H

#include <glib.h>
#include <stdbool.h>
#include <syslog.h>

struct log;

/* @background: there is no standard error. */
struct log *log_new(bool background);
void log_free(struct log *log);

/* @priority: LOG_ERR, ...; @domain: its name, or NULL; @dump: an id, or NULL. */
void log_write(struct log *log, int priority, const char *domain, const char *dump,
	       const char *format, ...) G_GNUC_PRINTF(5, 6);

#endif
