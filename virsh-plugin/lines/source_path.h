/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shortens the name of a source file. */
#ifndef OOPSBT_LINES_SOURCE_PATH_H
#define OOPSBT_LINES_SOURCE_PATH_H

/*
 * "fs/read_write.c" for "/build/linux-6.1/debian/build/amd64/../../../fs/read_write.c" compiled in
 * "/build/linux-6.1/debian/build/amd64": removes the common folders. @directory may be NULL.
 * g_free().
 */
char *source_path(const char *file, const char *directory);

#endif
