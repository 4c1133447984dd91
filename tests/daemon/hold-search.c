/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An analyser whose searches for the kernel do not end, or fail if FAIL_SEARCH is set; a collection
 * is done by the real analyser, $REAL_ANALYZER. So a collection begins without a map of the kernel.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/protocol.h"

int main(int argc, char **argv)
{
	static const char search[] = "\"kind\":\"map\"";
	const char *real = getenv("REAL_ANALYZER");
	char job[256];
	ssize_t length;

	(void)argc;
	if (real == NULL)
		return 2;
	/* The job stays in the socket. Its kind comes first. */
	length = recv(ANALYZER_CONTROL_FD, job, sizeof(job), MSG_PEEK);
	if (length > 0 && memmem(job, (size_t)length, search, strlen(search))) {
		if (getenv("FAIL_SEARCH"))
			return 1;
		pause();
	}
	execv(real, argv);
	perror(real);
	return 2;
}
