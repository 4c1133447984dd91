/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

/* A place for a child's descriptors until each can get its number. */
#define HIGH_FD 10

struct child_fds {
	int null, own, stderr;
};

static void close_fds(struct child_fds *fds)
{
	const int all[] = {fds->null, fds->own, fds->stderr};

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		if (all[i] >= 0)
			close(all[i]);
}

static bool open_fds(struct child_fds *fds, int fd, int stderr_fd, GError **error)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int saved_errno;

	fds->null = fcntl(null_fd, F_DUPFD_CLOEXEC, HIGH_FD);
	fds->own = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
	fds->stderr = fcntl(stderr_fd < 0 ? STDERR_FILENO : stderr_fd, F_DUPFD_CLOEXEC, HIGH_FD);
	saved_errno = errno;
	if (null_fd >= 0)
		close(null_fd);
	if (fds->null >= 0 && fds->own >= 0 && fds->stderr >= 0)
		return true;
	close_fds(fds);
	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(saved_errno),
		    "opening its descriptors: %s", g_strerror(saved_errno));
	return false;
}

/* Returns an errno. */
static int add_actions(posix_spawn_file_actions_t *actions, const struct child_fds *fds,
		       int target_fd)
{
	const struct {
		int from, to;
	} moves[] = {
		{fds->null, STDIN_FILENO},
		{fds->null, STDOUT_FILENO},
		{fds->stderr, STDERR_FILENO},
		{fds->own, target_fd},
	};
	int status = posix_spawn_file_actions_addchdir_np(actions, "/");

	for (size_t i = 0; status == 0 && i < G_N_ELEMENTS(moves); i++)
		status = posix_spawn_file_actions_adddup2(actions, moves[i].from, moves[i].to);
	if (status == 0)
		status = posix_spawn_file_actions_addclosefrom_np(
			actions, MAX(STDERR_FILENO, target_fd) + 1);
	return status;
}

/* Unlike fork(), posix_spawn() copies no memory of this process. Returns an errno. */
static int spawn(const char *path, char **arguments, const struct child_fds *fds, int target_fd,
		 GPid *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	int status;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	status = add_actions(&actions, fds, target_fd);
	if (status == 0)
		status = posix_spawn(pid, path, &actions, &attributes, arguments, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return status;
}

bool program_start(const char *name, const char *environment_variable, const char *const *argv,
		   int fd, int target_fd, int stderr_fd, GPid *pid, GError **error)
{
	const char *override = secure_getenv(environment_variable);
	g_autofree char *path =
		override ? g_strdup(override) : g_build_filename(OOPSBT_LIBEXECDIR, name, NULL);
	struct child_fds fds;
	int status;

	if (!open_fds(&fds, fd, stderr_fd, error)) {
		g_prefix_error(error, "starting %s: ", path);
		return false;
	}
	status = spawn(path, (char **)argv, &fds, target_fd, pid);
	close_fds(&fds);
	if (status == 0)
		return true;
	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(status), "starting %s: %s", path,
		    g_strerror(status));
	return false;
}
