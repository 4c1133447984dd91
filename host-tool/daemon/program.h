/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starts the host tool's helper programs. Finds them in the libexec directory, or where an
 * environment variable says (for tests; ignored with raised privileges). They inherit no
 * descriptors except those that they are given.
 */
#ifndef OOPSBT_DAEMON_PROGRAM_H
#define OOPSBT_DAEMON_PROGRAM_H

#include <glib.h>
#include <stdbool.h>

/*
 * @argv: NULL-terminated, with a name for argv[0]. @fd becomes the child's @target_fd; otherwise
 * standard input and output are /dev/null. @stderr_fd -1: the child inherits standard error. The
 * caller keeps both descriptors. Reap the child with waitpid().
 */
bool program_start(const char *name, const char *environment_variable, const char *const *argv,
		   int fd, int target_fd, int stderr_fd, GPid *pid, GError **error);

#endif
