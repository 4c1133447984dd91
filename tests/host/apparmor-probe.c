// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * apparmor-probe PROFILE exec PROGRAM ARGUMENT...: runs the program under that profile.
 * apparmor-probe PROFILE ask WHAT...: changes its own profile to PROFILE, and prints for each WHAT
 * a line "WHAT: yes", or "WHAT: REASON". WHAT: read:PATH, write:PATH, run:PATH, socket, kill:PID.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
	fprintf(stderr, "apparmor-probe: %s: %s\n", what, strerror(errno));
	exit(125);
}

/* @when: "current", or "exec" for the next program. */
static void change_profile(const char *when, const char *word, const char *profile)
{
	char path[64], text[256];
	int fd, length = snprintf(text, sizeof(text), "%s %s", word, profile);

	snprintf(path, sizeof(path), "/proc/thread-self/attr/apparmor/%s", when);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, (size_t)length) != length)
		fail(path);
	close(fd);
}

static bool opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool runs(const char *path)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		execl(path, path, (char *)NULL);
		_exit(errno);
	}
	waitpid(child, &status, 0);
	errno = WEXITSTATUS(status);
	return errno == 0;
}

static bool may(const char *what)
{
	const char *argument = strchr(what, ':');

	if (strcmp(what, "socket") == 0)
		return socket(AF_INET, SOCK_STREAM, 0) >= 0;
	if (argument == NULL) {
		errno = EINVAL;
		return false;
	}
	argument++;
	if (strncmp(what, "read:", 5) == 0)
		return opens(argument, O_RDONLY);
	if (strncmp(what, "write:", 6) == 0)
		return opens(argument, O_WRONLY | O_CREAT);
	if (strncmp(what, "run:", 4) == 0)
		return runs(argument);
	/* SIGCONT has no effect here, but unlike signal 0 the kernel really delivers it. */
	return kill((pid_t)atoi(argument), SIGCONT) == 0;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	if (strcmp(argv[2], "exec") == 0) {
		change_profile("exec", "exec", argv[1]);
		execv(argv[3], argv + 3);
		fail(argv[3]);
	}
	change_profile("current", "changeprofile", argv[1]);
	for (int i = 3; i < argc; i++)
		printf("%s: %s\n", argv[i], may(argv[i]) ? "yes" : strerror(errno));
	return 0;
}
