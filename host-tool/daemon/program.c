/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

bool program_start(const char *name, const char *environment_variable, const char *const *argv,
		   int fd, int target_fd, int stderr_fd, GPid *pid, GError **error)
{
	const char *override = secure_getenv(environment_variable);
	g_autofree char *path =
		override ? g_strdup(override) : g_build_filename(OOPSBT_LIBEXECDIR, name, NULL);
	g_autoptr(GPtrArray) arguments = g_ptr_array_new();
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	bool standard_input = target_fd == STDIN_FILENO;
	int target_fds[] = {target_fd};
	bool result;

	if (null_fd < 0) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
			    "opening /dev/null: %s", g_strerror(errno));
		return false;
	}
	g_ptr_array_add(arguments, path);
	for (; *argv; argv++)
		g_ptr_array_add(arguments, (char *)*argv);
	g_ptr_array_add(arguments, NULL);
	result = g_spawn_async_with_pipes_and_fds(
		"/", (const char *const *)arguments->pdata, NULL,
		G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_FILE_AND_ARGV_ZERO, NULL, NULL,
		standard_input ? fd : null_fd, null_fd, stderr_fd, standard_input ? NULL : &fd,
		standard_input ? NULL : target_fds, standard_input ? 0 : 1, pid, NULL, NULL, NULL,
		error);
	close(null_fd);
	if (!result)
		g_prefix_error(error, "starting %s: ", path);
	return result;
}
