/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * makedumpfile's flattened format: a header of 4 KiB, then pieces { offset, length } each with the
 * bytes for that offset. A piece with offset and length -1 ends the file. Numbers are signed and
 * big-endian.
 */
#include "guest/dump_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define MAGIC "makedumpfile" /* including its NUL */
#define HEADER_SIZE 4096
#define MAX_FILE_SIZE ((int64_t)1 << 46)
#define BUFFER_SIZE ((size_t)1 << 20)

bool dump_file_is_flattened(int fd)
{
	char magic[sizeof(MAGIC)];

	return dump_read(fd, 0, magic, sizeof(magic), NULL) &&
	       memcmp(magic, MAGIC, sizeof(magic)) == 0;
}

static bool write_all(int fd, const uint8_t *bytes, size_t length, int64_t offset, GError **error)
{
	while (length > 0) {
		ssize_t done = pwrite(fd, bytes, length, offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			g_set_error(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_IO,
				    "writing the reassembled dump to a temporary file in %s: %s",
				    g_get_tmp_dir(), g_strerror(errno));
			return false;
		}
		bytes += done;
		offset += done;
		length -= (size_t)done;
	}
	return true;
}

/* Copies @length bytes at @from of @in to @to of @out. */
static bool copy_piece(int in, uint64_t from, int out, int64_t to, int64_t length, uint8_t *buffer,
		       GError **error)
{
	while (length > 0) {
		size_t part = (size_t)MIN(length, (int64_t)BUFFER_SIZE);

		if (!dump_read(in, from, buffer, part, error) ||
		    !write_all(out, buffer, part, to, error))
			return false;
		from += part;
		to += (int64_t)part;
		length -= (int64_t)part;
	}
	return true;
}

static bool reassemble(int in, int out, uint8_t *buffer, GError **error)
{
	uint64_t position = HEADER_SIZE;

	for (;;) {
		int64_t piece[2], offset, length;

		if (!dump_read(in, position, piece, sizeof(piece), error))
			return false;
		offset = (int64_t)GINT64_FROM_BE(piece[0]);
		length = (int64_t)GINT64_FROM_BE(piece[1]);
		if (offset == -1 && length == -1)
			return true;
		if (offset < 0 || length <= 0 || offset > MAX_FILE_SIZE - length) {
			g_set_error(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_FORMAT,
				    "the flattened dump is damaged at offset %" PRIu64, position);
			return false;
		}
		position += sizeof(piece);
		if (!copy_piece(in, position, out, offset, length, buffer, error))
			return false;
		position += (uint64_t)length;
	}
}

int dump_file_unflatten(int fd, GError **error)
{
	int out = open(g_get_tmp_dir(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	g_autofree uint8_t *buffer = g_malloc(BUFFER_SIZE);

	if (out < 0) {
		g_set_error(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_IO,
			    "a temporary file in %s for the reassembled dump: %s", g_get_tmp_dir(),
			    g_strerror(errno));
		return -1;
	}
	if (!reassemble(fd, out, buffer, error)) {
		close(out);
		return -1;
	}
	return out;
}
