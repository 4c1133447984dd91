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
 */
#ifndef OOPSBT_DAEMON_HOOK_H
#define OOPSBT_DAEMON_HOOK_H

#include "daemon/log.h"

struct hook_dump {
	const char *id;
	const char *folder;
	const char *domain;
	const struct log_field *fields;
};

/* Where systemd(1) looks for drop-ins of the unit; NULL-terminated. */
extern const char *const hook_folders[];

/* Whether one of @folders (NULL-terminated) has a drop-in. */
bool hook_is_wanted(const char *const *folders);

/*
 * Has a hook started, if one is wanted. What goes wrong is a warning in the log. @log is kept
 * until systemd has answered.
 */
void hook_start(const struct hook_dump *dump, const char *runtime_directory, struct log *log);

/* As EnvironmentFile= of systemd.exec(5) reads it back, whatever is in the values. g_free() */
char *hook_environment(const struct hook_dump *dump);

#endif
