/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The name of a source file as a reader knows it. */
#ifndef OOPSBT_LINES_SOURCE_PATH_H
#define OOPSBT_LINES_SOURCE_PATH_H

/*
 * "fs/read_write.c" of "/build/linux-6.1/debian/build/amd64/../../../fs/read_write.c", compiled in
 * "/build/linux-6.1/debian/build/amd64": without what both have in common. @directory may be NULL.
 * g_free().
 */
char *source_path(const char *file, const char *directory);

#endif
