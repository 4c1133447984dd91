/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a report from a file: from a dump's core its own report again, or from a full dump. */
#ifndef OOPSBT_ANALYZE_FILE_H
#define OOPSBT_ANALYZE_FILE_H

#include <glib.h>
#include <stdbool.h>

enum file_format {
	FILE_FORMAT_TEXT,
	FILE_FORMAT_JSON,
	FILE_FORMAT_DMESG,
};

/*
 * Opens the dump at @path and reassembles a flattened one; -1 on error. Call it before the sandbox.
 */
int file_open(const char *path, GError **error);

/* Renders the report to @output. */
bool file_analyze(int fd, enum file_format format, int output, GError **error);

#endif
