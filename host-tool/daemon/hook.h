/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the administrator of the host wants to be done about a dump: oopsbt-hook(7). systemd is
 * asked to start oopsbt-dump@ID.service, and nothing here waits for it. Nothing is asked where
 * systemd does not run, or nobody has given that unit anything to do by a drop-in.
 *
 * The unit finds its environment in <runtime directory>/hooks/ID, 0600: what the journal has as
 * fields, and
 *
 *   OOPSBT_DOMAIN   the domain's name
 *   OOPSBT_SOURCE   the dump's folder in the store, which the hook cannot read
 *
 * It stays for a day, so that a hook that failed can be started again.
 *
 * A dump comes into the store with the same text as its file HOOK_DUE, and the unit removes that
 * file as the first thing it does. So each hook is started once, also if oopsbtd is killed between
 * the dump and the request: the next oopsbtd looks for such files.
 */
#ifndef OOPSBT_DAEMON_HOOK_H
#define OOPSBT_DAEMON_HOOK_H

#include "common/store.h"
#include "daemon/log.h"

#define HOOK_DUE ".hook"

struct hook_dump {
	const char *folder;
	const char *domain;
	const struct log_field *fields;
};

/* Where systemd(1) looks for drop-ins of the unit; NULL-terminated. */
extern const char *const hook_folders[];

/* Whether one of @folders (NULL-terminated) has a drop-in. */
bool hook_is_wanted(const char *const *folders);

/* As EnvironmentFile= of systemd.exec(5) reads it back, whatever is in the values. g_free() */
char *hook_environment(const struct hook_dump *dump);

/*
 * Has the hook of the dump @id started. What goes wrong is a warning in the log. @log is kept until
 * systemd has answered. @domain: its name, for the log; may be NULL.
 */
void hook_start(const char *id, const char *environment, const char *runtime_directory,
		const char *domain, struct log *log);

/*
 * At the start: the hooks of all dumps that have yet to be started. If none are wanted by now, none
 * of these is later.
 */
void hook_start_due(const struct store *store, const char *runtime_directory, struct log *log);

/* What it finds. @found: NULL: the files are removed. */
typedef void (*hook_found_fn)(const char *id, const char *environment, void *user_data);
void hook_find_due(const struct store *store, hook_found_fn found, void *user_data);

#endif
