/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host tool's helper programs as children: found in the libexec directory, or where an
 * environment variable says (for tests; ignored with raised privileges), with nothing open but what
 * they are given.
 */
#ifndef OOPSBT_DAEMON_PROGRAM_H
#define OOPSBT_DAEMON_PROGRAM_H

#include <glib.h>
#include <stdbool.h>

/*
 * @argv: NULL-terminated, with a name for argv[0]. @fd becomes the child's @target_fd; standard
 * input and output are /dev/null otherwise. @stderr_fd -1: the child inherits ours. Both
 * descriptors stay the caller's. The child must be reaped with waitpid().
 */
bool program_start(const char *name, const char *environment_variable, const char *const *argv,
		   int fd, int target_fd, int stderr_fd, GPid *pid, GError **error);

#endif
