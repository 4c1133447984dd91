/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's log: the journal, with fields, where systemd collects it; syslog in the background;
 * standard error otherwise. Thread-safe. Everything is made clean on the way. Nobody waits for who
 * reads the log: see writer.h.
 */
#ifndef OOPSBT_DAEMON_LOG_H
#define OOPSBT_DAEMON_LOG_H

#include <glib.h>
#include <stdbool.h>
#include <syslog.h>

/*
 * MESSAGE_ID of what other programs wait for. oopsbt-journal(7) and oopsbt.catalog have each of
 * them; an id never changes what it means.
 */
#define LOG_ID_INCIDENT "7aed112ef577449ea3fe763d56314e71"     /* there is a dump of it */
#define LOG_ID_NO_DUMP "90dc95617b4744cb93ebedf8923e37df"      /* of an incident */
#define LOG_ID_RATE_LIMIT "15340777e6b345c38764bff67ea48f5b"   /* incidents are left out */
#define LOG_ID_LEFT_PAUSED "4b123187d454463c8456f04a1fca7f78"  /* somebody else's pause */
#define LOG_ID_NOT_RESUMED "181f60b5597e44308472e7c8f9d59cc3"  /* ours, and it lasts */
#define LOG_ID_RESUMED_LATE "9695f4a4253642359aaf89fa1ca3e448" /* by the freeze guard */
#define LOG_ID_JOB_ENDED "7db3a3214d8242df846d55ee68328e31" /* a migration: by the freeze guard */
#define LOG_ID_LIBVIRT_LOST "d5294019b4134932b1cfdc69a99f80f3"
#define LOG_ID_LIBVIRT_FOUND "a4f1f4bbd35a40609e60b9b7299fa35d"
#define LOG_ID_LOST "9d52cccd92344e4688ff1d888b865220" /* entries of this log */

struct log;

/* @name: of the program; static. @background: there is no standard error. */
struct log *log_new(const char *name, bool background);
/* To the journal whose socket is at @path. */
struct log *log_new_journal(const char *name, const char *path);

/* Waits until all is written, but no longer than two seconds. What is written later is lost. */
void log_close(struct log *log);
/* For a thread that may go on after log_close(). */
struct log *log_ref(struct log *log);
void log_unref(struct log *log);

/* Priorities by name. */
#define LOG_LEVELS "error, warning, notice, info or debug"
bool log_level_from_word(const char *word, int *level);

/* log_write() drops what is less important than @level; at first that is LOG_INFO. */
void log_set_level(struct log *log, int level);

/* @priority: LOG_ERR, ...; @domain: its name, or NULL; @dump: an id, or NULL. */
void log_write(struct log *log, int priority, const char *domain, const char *dump,
	       const char *format, ...) G_GNUC_PRINTF(5, 6);

struct log_field {
	const char *name;  /* OOPSBT_...; static */
	const char *value; /* any bytes; NULL: there is no such field */
};

/* Whatever the level is. @id: LOG_ID_...; @fields: what the journal has besides, up to one without
 * a name; or NULL. */
void log_event(struct log *log, const char *id, int priority, const char *domain,
	       const struct log_field *fields, const char *format, ...) G_GNUC_PRINTF(6, 7);

#endif
