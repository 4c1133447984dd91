/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the administrator's hook for a dump: oopsbt-hook(7). Asks systemd to start
 * oopsbt-dump@ID.service and does not wait for it. Asks nothing if systemd is not running, or if no
 * drop-in gives that unit a command.
 *
 * The unit reads its environment from <runtime directory>/hooks/ID, 0600: the fields of the journal
 * entry, and
 *
 *   OOPSBT_DOMAIN   the domain's name
 *   OOPSBT_SOURCE   the dump's folder in the store, which the hook cannot read
 *
 * The file stays for a day, so that a failed hook can be started again.
 *
 * A dump is stored with the same text as its file HOOK_DUE, and the unit removes that file first.
 * So each hook is started once, even if oopsbtd is killed between the dump and the request: the
 * next oopsbtd looks for such files.
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

/* The folders where systemd(1) looks for drop-ins of the unit; NULL-terminated. */
extern const char *const hook_folders[];

/* Does one of @folders (NULL-terminated) have a drop-in? */
bool hook_is_wanted(const char *const *folders);

/* The text of an EnvironmentFile= (systemd.exec(5)), for any values. g_free() */
char *hook_environment(const struct hook_dump *dump);

/*
 * Starts the hook of the dump @id. An error is a warning in the log. Keeps @log until systemd has
 * answered. @domain: its name for the log; may be NULL.
 */
void hook_start(const char *id, const char *environment, const char *runtime_directory,
		const char *domain, struct log *log);

/*
 * Call it at startup: starts the hooks of all dumps that are still due. If hooks are not wanted,
 * removes the files instead.
 */
void hook_start_due(const struct store *store, const char *runtime_directory, struct log *log);

/* Called for each due hook. NULL @found: removes the files. */
typedef void (*hook_found_fn)(const char *id, const char *environment, void *user_data);
void hook_find_due(const struct store *store, hook_found_fn found, void *user_data);

#endif
