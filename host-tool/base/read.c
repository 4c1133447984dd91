/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/read.h"

#include <errno.h>
#include <sys/types.h>
#include <unistd.h>

size_t read_at(int fd, uint64_t offset, void *buffer, size_t length)
{
	size_t done = 0;

	errno = 0;
	while (done < length) {
		ssize_t got =
			pread(fd, (char *)buffer + done, length - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = 0;
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}
