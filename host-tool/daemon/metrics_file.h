/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file for everyone to read, in a folder that need not be the daemon's own. */
#ifndef OOPSBT_DAEMON_METRICS_FILE_H
#define OOPSBT_DAEMON_METRICS_FILE_H

#include <glib.h>
#include <stdbool.h>

/* The folder of @path, 0755 whatever the umask; its parent must be there. */
bool metrics_file_make_folder(const char *path, GError **error);

/*
 * @path holds @text from now on, 0644 whatever the umask; on error what it held before. Whoever
 * reads it never sees a part. The other name that is used meanwhile is hidden and does not end as
 * @path does. Not fsynced.
 */
bool metrics_file_write(const char *path, const char *text, GError **error);

#endif
