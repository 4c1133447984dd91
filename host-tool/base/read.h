/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading from a file that can seek. */
#ifndef OOPSBT_BASE_READ_H
#define OOPSBT_BASE_READ_H

#include <stddef.h>
#include <stdint.h>

/*
 * Reads @length bytes at @offset into @buffer. Returns how many there were: fewer only where the
 * file ends, or fails; errno is 0 at the end of the file.
 */
size_t read_at(int fd, uint64_t offset, void *buffer, size_t length);

#endif
