/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One file of debug information, opened with elfutils: vmlinux, a module (relocatable: libdwfl
 * assigns addresses to its sections and applies its relocations), or a file that was split off one.
 * The content is untrusted; invalid content is an error.
 */
#ifndef OOPSBT_LINES_DEBUG_FILE_H
#define OOPSBT_LINES_DEBUG_FILE_H

#include <elfutils/libdw.h>
#include <glib.h>

#include "symbols.h"

struct debug_file;

/* Opens the file at @path; @fd is open on it and is taken. */
struct debug_file *debug_file_open(const char *path, int fd, GError **error);
void debug_file_free(struct debug_file *file);

/*
 * The build ID of the alternative file, into which dwz(1) moved common parts and without which
 * names are missing; NULL: there is none. g_free().
 */
char *debug_file_alternative(const struct debug_file *file);
/* Takes @fd of that file. */
bool debug_file_set_alternative(struct debug_file *file, int fd, GError **error);

/*
 * Array of struct position (chain.h), innermost first; valid while the file is open. NULL: the file
 * lacks the place, or has no lines for it.
 */
GArray *debug_file_look_up(struct debug_file *file, const struct place *place, GError **error);

#endif
