/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories by descriptor, as all files of the store use them. No symbolic link is followed. */
#ifndef OOPSBT_COMMON_STORE_DIRECTORY_H
#define OOPSBT_COMMON_STORE_DIRECTORY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef int Descriptor;
void store_directory_close(int fd); /* -1 is ignored */
G_DEFINE_AUTO_CLEANUP_FREE_FUNC(Descriptor, store_directory_close, -1)

/* -1 with errno. */
int store_directory_open(int parent, const char *name);
/*
 * Names in @fd, but "." and "..", for which @wanted (NULL: all) holds. NULL with errno. The
 * descriptor's position is not kept.
 */
GPtrArray *store_directory_names(int fd, bool (*wanted)(const char *name));
/* What the files in it take, as the file system counts it, in bytes. */
uint64_t store_directory_size(int fd);
/* By errno: not there, or something else, as may lie in a store beside what it put there. */
bool store_directory_is_none(int code);
/*
 * With the files in it; there are no directories in it. One that is not there is no error. @path
 * is for the message.
 */
bool store_directory_remove(int parent, const char *name, const char *path, GError **error);

/* A STORE_ERROR of errno: "@format: why". */
void store_set_errno(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
