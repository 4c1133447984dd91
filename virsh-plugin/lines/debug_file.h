/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One file of debug information, opened by elfutils: vmlinux, a module (which is relocatable:
 * libdwfl lays its sections out and applies its relocations), or what was split off one. Whatever
 * is in the file is input: nothing of it is believed, and what is wrong with it is an error.
 */
#ifndef OOPSBT_LINES_DEBUG_FILE_H
#define OOPSBT_LINES_DEBUG_FILE_H

#include <elfutils/libdw.h>
#include <glib.h>

#include "symbols.h"

struct debug_file;

/* Of the file at @path, which @fd is open on; takes @fd. */
struct debug_file *debug_file_open(const char *path, int fd, GError **error);
void debug_file_free(struct debug_file *file);

/*
 * The build ID of the second file into which dwz(1) moved what it has in common with others, and
 * without which names are missing; NULL: there is none. g_free().
 */
char *debug_file_alternative(const struct debug_file *file);
/* Takes @fd, of that file. */
bool debug_file_set_alternative(struct debug_file *file, int fd, GError **error);

/*
 * Array of struct position (chain.h), the innermost first, as long as the file is open. NULL: the
 * place is not there, or there is nothing about it.
 */
GArray *debug_file_look_up(struct debug_file *file, const struct place *place, GError **error);

#endif
