/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * oopsbt-freeze-guard: resumes guests that its starter froze and cannot resume any more.
 *
 * The daemon starts it and tells it of each freeze on standard input. If the owner of a freeze is
 * late, gone, or hands it over, the guard works on it in a separate thread with a separate libvirt
 * connection until nothing is outstanding. So a domain that hangs does not delay another one, and
 * the guard waits for an absent libvirtd as long as needed. transitions.h defines the states. The
 * guard ends when its input has ended and no freeze is left.
 */
#include <libvirt/virterror.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "freeze-guard/serve.h"

static void ignore_error(void *user_data G_GNUC_UNUSED, virErrorPtr error G_GNUC_UNUSED)
{
}

static bool is_started_by_us(int argc)
{
	int type = 0;
	socklen_t length = sizeof(type);

	return argc == 3 && getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
	       type == SOCK_SEQPACKET;
}

/* Then the daemon runs in the background. */
static bool stderr_is_null(void)
{
	struct stat status;

	return fstat(STDERR_FILENO, &status) == 0 && S_ISCHR(status.st_mode) &&
	       status.st_rdev == makedev(1, 3);
}

int main(int argc, char **argv)
{
	struct log *log;

	if (!is_started_by_us(argc)) {
		fprintf(stderr, "oopsbt-freeze-guard is started by oopsbtd, not by hand: "
				"oopsbt-freeze-guard RUNTIME-DIRECTORY URI\n");
		return 2;
	}
	/*
	 * A signal to the daemon's process group, or at shutdown, must not reach the guard first.
	 */
	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	virSetErrorFunc(NULL, ignore_error);
	if (virInitialize() < 0) {
		fprintf(stderr, "oopsbt-freeze-guard: libvirt does not initialise\n");
		return 1;
	}
	log = log_new("oopsbt-freeze-guard", stderr_is_null());
	guard_serve(argv[1], *argv[2] ? argv[2] : NULL, log);
	log_close(log);
	log_unref(log);
	return 0;
}
