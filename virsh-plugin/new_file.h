/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Creates a file atomically, also if a signal ends the program; readable for its owner only. */
#ifndef OOPSBT_PLUGIN_NEW_FILE_H
#define OOPSBT_PLUGIN_NEW_FILE_H

#include <glib.h>
#include <stdbool.h>

/*
 * @write writes the content to @fd; @path "-" is standard output. An existing file is an error
 * unless @replace.
 */
bool new_file_write(const char *path, bool replace,
		    bool (*write)(int fd, void *data, GError **error), void *data, GError **error);

#endif
