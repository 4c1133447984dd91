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

/*
 * Puts the regular files in @directory into @path as "@name/FILE", those in @excluded
 * (NULL-terminated) not. @path "-" is standard output. Unless @replace a file that is there is an
 * error.
 */
bool archive_write(const char *path, const char *directory, const char *name,
		   const char *const *excluded, bool replace, GError **error);

/* The contents of the first member whose file name is @file_name, at most @max_bytes. g_free(). */
char *archive_read(const char *path, const char *file_name, size_t max_bytes, size_t *length,
		   GError **error);

#endif
