/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that a verb makes: whole or not there at all, also if a signal ends it; for its owner
 * only. */
#ifndef OOPSBT_PLUGIN_NEW_FILE_H
#define OOPSBT_PLUGIN_NEW_FILE_H

#include <glib.h>
#include <stdbool.h>

/*
 * @write writes the contents of @path to @fd; "-" is standard output. Unless @replace a file that
 * is there is an error.
 */
bool new_file_write(const char *path, bool replace,
		    bool (*write)(int fd, void *data, GError **error), void *data, GError **error);

#endif
