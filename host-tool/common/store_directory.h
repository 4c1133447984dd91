/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories by descriptor, for all files of the store. Never follows symbolic links. */
#ifndef OOPSBT_COMMON_STORE_DIRECTORY_H
#define OOPSBT_COMMON_STORE_DIRECTORY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef int Descriptor;
void store_directory_close(int fd); /* -1 is ignored */
G_DEFINE_AUTO_CLEANUP_FREE_FUNC(Descriptor, store_directory_close, -1)

/* -1 with errno on error. */
int store_directory_open(int parent, const char *name);
/*
 * Names in @fd except "." and ".." for which @wanted (NULL: all) is true. NULL with errno on error.
 * Changes the descriptor's position.
 */
GPtrArray *store_directory_names(int fd, bool (*wanted)(const char *name));
/* The disk space of the files in it, in bytes, as the file system counts it. */
uint64_t store_directory_size(int fd);
/* Does errno @code mean that the entry is missing, or is not a file of the store? */
bool store_directory_is_none(int code);
/*
 * Removes it and the files in it; it must not contain directories. A missing one is no error. @path
 * is for the message.
 */
bool store_directory_remove(int parent, const char *name, const char *path, GError **error);

/* Sets a STORE_ERROR for errno: "@format: reason". */
void store_set_errno(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
