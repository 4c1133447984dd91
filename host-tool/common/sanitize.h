/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text that a guest wrote, on its way to a terminal, a journal or a file. Clean text is valid
 * UTF-8 without control characters (C0 but newline and tab, DEL, C1), line and paragraph
 * separators, bidirectional controls, invisible formatting characters and noncharacters.
 */
#ifndef OOPSBT_COMMON_SANITIZE_H
#define OOPSBT_COMMON_SANITIZE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The bytes as one clean line: every byte of what is not clean, of newlines and of backslashes
 * that would read as such an escape, becomes \xNN. Tabs stay. @length -1: NUL-terminated.
 * Free with g_free(). NULL gives NULL.
 */
char *sanitize_line(const char *bytes, gssize length);

/* The same, appended to @text; newlines stay if @keep_newlines. */
void sanitize_append(GString *text, const char *bytes, gssize length, bool keep_newlines);

/* Clean, newlines and tabs allowed: what a file for reading may hold. */
bool text_is_clean(const char *text, size_t length);

#endif
