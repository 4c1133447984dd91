/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads bytes of a dump file, and defines the errors of such files. */
#ifndef OOPSBT_GUEST_DUMP_READ_H
#define OOPSBT_GUEST_DUMP_READ_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define DUMP_FILE_ERROR (dump_file_error_quark())
GQuark dump_file_error_quark(void);
enum dump_file_error {
	DUMP_FILE_ERROR_FORMAT,	   /* not a dump, or not of an x86-64 guest */
	DUMP_FILE_ERROR_FLATTENED, /* flattened: see dump_file_unflatten() */
	DUMP_FILE_ERROR_IO,
};

/* Reads all @length bytes at @offset, or fails. */
bool dump_read(int fd, uint64_t offset, void *buffer, size_t length, GError **error);

#endif
