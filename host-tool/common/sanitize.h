/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sanitises text from a guest for terminals, journals and files. Clean text is valid UTF-8 without
 * control characters (C0 except newline and tab, DEL, C1), line and paragraph separators,
 * bidirectional controls, invisible formatting characters and noncharacters.
 */
#ifndef OOPSBT_COMMON_SANITIZE_H
#define OOPSBT_COMMON_SANITIZE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Returns the bytes as one clean line: each byte that is not clean becomes \xNN, also newlines, and
 * backslashes that look like such an escape. Tabs stay. @length -1: NUL-terminated. Free with
 * g_free(). NULL gives NULL.
 */
char *sanitize_line(const char *bytes, gssize length);

/* The same, appended to @text; newlines stay if @keep_newlines. */
void sanitize_append(GString *text, const char *bytes, gssize length, bool keep_newlines);

/* Is the text clean? Newlines and tabs are allowed. Report files must be clean. */
bool text_is_clean(const char *text, size_t length);

#endif
