/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * child NAME ROUNDS COMMAND [ARG...]: runs COMMAND ROUNDS times and drops its output. Prints for
 * each run "NAME.wall", "NAME.cpu" (microseconds) and "NAME.peak" (KiB resident).
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static gint64 microseconds(const struct timeval *time)
{
	return (gint64)time->tv_sec * G_USEC_PER_SEC + time->tv_usec;
}

static pid_t start(char **command)
{
	pid_t pid = vfork();

	if (pid == 0) {
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		execvp(command[0], command);
		_exit(127);
	}
	return pid;
}

static int measure(const char *name, char **command)
{
	gint64 begin = g_get_monotonic_time();
	pid_t pid = start(command);
	struct rusage usage;
	int status;

	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0) {
		fprintf(stderr, "child: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	if (status != 0) {
		fprintf(stderr, "child: %s failed\n", command[0]);
		return EXIT_FAILURE;
	}
	printf("%s.wall %" G_GINT64_FORMAT "\n", name, g_get_monotonic_time() - begin);
	printf("%s.cpu %" G_GINT64_FORMAT "\n", name,
	       microseconds(&usage.ru_utime) + microseconds(&usage.ru_stime));
	printf("%s.peak %ld\n", name, usage.ru_maxrss);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: child NAME ROUNDS COMMAND [ARG...]\n");
		return 2;
	}
	for (int i = 0; i < atoi(argv[2]); i++)
		if (measure(argv[1], argv + 3) != EXIT_SUCCESS)
			return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
