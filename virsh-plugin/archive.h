/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A dump as one file: a gzipped tar of its directory, which tar(1) opens too. Written whole or not
 * at all. Reading takes one member out of it without writing anything, since it comes from
 * somebody else.
 */
#ifndef OOPSBT_PLUGIN_ARCHIVE_H
#define OOPSBT_PLUGIN_ARCHIVE_H

#include <glib.h>
#include <stdbool.h>

#include "progress.h"

/* A file that goes into an archive. */
struct archive_member {
	char *name; /* without a folder */
	int fd;	    /* at its beginning; its status says how large it is and how old */
};

/* Of struct archive_member, which it frees and closes. */
GPtrArray *archive_members_new(void);
/* Takes @fd. */
void archive_members_add(GPtrArray *members, const char *name, int fd);
/* The regular files in @directory, by name; hidden ones and those in @excluded are left out. */
GPtrArray *archive_members_of(const char *directory, const char *const *excluded, GError **error);

/*
 * Puts @members into @path as "@name/FILE". @path "-" is standard output. Unless @replace a file
 * that is there is an error. @progress may be NULL.
 */
bool archive_write(const char *path, const char *name, const GPtrArray *members, bool replace,
		   struct progress *progress, GError **error);

/* The contents of the first member whose file name is @file_name, at most @max_bytes. g_free(). */
char *archive_read(const char *path, const char *file_name, size_t max_bytes, size_t *length,
		   GError **error);

#endif
