/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a world-readable file into a folder that may belong to others. */
#ifndef OOPSBT_DAEMON_METRICS_FILE_H
#define OOPSBT_DAEMON_METRICS_FILE_H

#include <glib.h>
#include <stdbool.h>

/* Creates the folder of @path, 0755 whatever the umask; its parent must exist. */
bool metrics_file_make_folder(const char *path, GError **error);

/*
 * Replaces @path by @text, 0644 whatever the umask; on error the old content stays. Readers never
 * see a part. The temporary name is hidden and has another suffix. Not fsynced.
 */
bool metrics_file_write(const char *path, const char *text, GError **error);

#endif
