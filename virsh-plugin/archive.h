/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A dump as one file: a gzipped tar of its directory, which tar(1) can open. Written atomically.
 * Reading extracts one member into memory and writes no files, since the archive is untrusted.
 */
#ifndef OOPSBT_PLUGIN_ARCHIVE_H
#define OOPSBT_PLUGIN_ARCHIVE_H

#include <glib.h>
#include <stdbool.h>

#include "progress.h"

/* A file for an archive. */
struct archive_member {
	char *name; /* without a folder */
	int fd;	    /* at its beginning; fstat() gives the member's size and age */
};

/* Of struct archive_member; the array frees and closes them. */
GPtrArray *archive_members_new(void);
/* Takes @fd. */
void archive_members_add(GPtrArray *members, const char *name, int fd);
/* The regular files in @directory, sorted by name, except hidden ones and those in @excluded. */
GPtrArray *archive_members_of(const char *directory, const char *const *excluded, GError **error);

/*
 * Writes @members to @path as "@name/FILE". @path "-" is standard output. An existing file is an
 * error unless @replace. @progress may be NULL.
 */
bool archive_write(const char *path, const char *name, const GPtrArray *members, bool replace,
		   struct progress *progress, GError **error);

/* The content of the first member with file name @file_name, at most @max_bytes. g_free(). */
char *archive_read(const char *path, const char *file_name, size_t max_bytes, size_t *length,
		   GError **error);

#endif
