/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads from a seekable file. */
#ifndef OOPSBT_BASE_READ_H
#define OOPSBT_BASE_READ_H

#include <stddef.h>
#include <stdint.h>

/*
 * Reads @length bytes at @offset into @buffer. Returns the number of bytes read: fewer only at the
 * end of the file (errno is 0) or on an error (errno is set).
 */
size_t read_at(int fd, uint64_t offset, void *buffer, size_t length);

#endif
