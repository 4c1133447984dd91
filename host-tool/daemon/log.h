/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's log: the journal with fields if systemd runs the daemon, syslog in the background,
 * else standard error. Thread-safe. Sanitises all text. Never waits for a reader of the log: see
 * writer.h.
 */
#ifndef OOPSBT_DAEMON_LOG_H
#define OOPSBT_DAEMON_LOG_H

#include <glib.h>
#include <stdbool.h>
#include <syslog.h>

/*
 * Message ids for other programs, documented in oopsbt-journal(7) and oopsbt.catalog. The meaning
 * of an id never changes.
 */
#define LOG_ID_INCIDENT "7aed112ef577449ea3fe763d56314e71"     /* an incident with a dump */
#define LOG_ID_NO_DUMP "90dc95617b4744cb93ebedf8923e37df"      /* an incident without a dump */
#define LOG_ID_RATE_LIMIT "15340777e6b345c38764bff67ea48f5b"   /* incidents are skipped */
#define LOG_ID_LEFT_PAUSED "4b123187d454463c8456f04a1fca7f78"  /* paused by somebody else */
#define LOG_ID_NOT_RESUMED "181f60b5597e44308472e7c8f9d59cc3"  /* resuming the guest failed */
#define LOG_ID_RESUMED_LATE "9695f4a4253642359aaf89fa1ca3e448" /* by the freeze guard */
#define LOG_ID_JOB_ENDED "7db3a3214d8242df846d55ee68328e31"    /* a migration: by the guard */
#define LOG_ID_LIBVIRT_LOST "d5294019b4134932b1cfdc69a99f80f3"
#define LOG_ID_LIBVIRT_FOUND "a4f1f4bbd35a40609e60b9b7299fa35d"
#define LOG_ID_LOST "9d52cccd92344e4688ff1d888b865220" /* entries of this log */

struct log;

/* @name: of the program; static. @background: there is no standard error. */
struct log *log_new(const char *name, bool background);
/* For the journal with its socket at @path. */
struct log *log_new_journal(const char *name, const char *path);

/* Waits at most two seconds until everything is written. Later entries are lost. */
void log_close(struct log *log);
/* For a thread that may outlive log_close(). */
struct log *log_ref(struct log *log);
void log_unref(struct log *log);

/* The names of the priorities. */
#define LOG_LEVELS "error, warning, notice, info or debug"
bool log_level_from_word(const char *word, int *level);

/* log_write() drops entries less important than @level; the default is LOG_INFO. */
void log_set_level(struct log *log, int level);

/* @priority: LOG_ERR, ...; @domain: its name, or NULL; @dump: an id, or NULL. */
void log_write(struct log *log, int priority, const char *domain, const char *dump,
	       const char *format, ...) G_GNUC_PRINTF(5, 6);

struct log_field {
	const char *name;  /* OOPSBT_...; static */
	const char *value; /* any bytes; NULL: skip this field */
};

/*
 * Ignores the level. @id: LOG_ID_...; @fields: additional journal fields, terminated by one without
 * a name; or NULL.
 */
void log_event(struct log *log, const char *id, int priority, const char *domain,
	       const struct log_field *fields, const char *format, ...) G_GNUC_PRINTF(6, 7);

#endif
