/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report from a file: a dump's core, which gives its own report again, or a full dump. */
#ifndef OOPSBT_ANALYZE_FILE_H
#define OOPSBT_ANALYZE_FILE_H

#include <glib.h>
#include <stdbool.h>

enum file_format {
	FILE_FORMAT_TEXT,
	FILE_FORMAT_JSON,
	FILE_FORMAT_DMESG,
};

/* A descriptor for the dump at @path, reassembled if it is flattened; -1 on error. Before the
 * sandbox. */
int file_open(const char *path, GError **error);

/* Renders the report to @output. */
bool file_analyze(int fd, enum file_format format, int output, GError **error);

#endif
