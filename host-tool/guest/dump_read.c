/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/dump_read.h"

#include <errno.h>
#include <inttypes.h>

#include "base/read.h"

G_DEFINE_QUARK(oopsbt_dump_file_error, dump_file_error)

bool dump_read(int fd, uint64_t offset, void *buffer, size_t length, GError **error)
{
	size_t done = read_at(fd, offset, buffer, length);

	if (done == length)
		return true;
	g_set_error(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_IO,
		    "reading the dump at offset %" PRIu64 ": %s", offset + done,
		    errno ? g_strerror(errno) : "the file ends before that");
	return false;
}
