/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extracts a few strings and numbers from a large JSON object without parsing all of it. A listing
 * needs the titles of hundreds of reports, and each report may have megabytes of frames. Reading
 * stops at the last requested member. This does not validate: the rest may be damaged.
 */
#ifndef OOPSBT_COMMON_JSON_HEAD_H
#define OOPSBT_COMMON_JSON_HEAD_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* The maximum length that is searched: requested members must come before it (json_check.h). */
#define JSON_HEAD_BYTES ((size_t)256 << 10)

/*
 * @paths: NULL-terminated member names of the outermost object, or "outer.inner" for a member of an
 * object in it. @values: one for each path, set to its text (g_free()), or NULL if it is absent or
 * neither a string nor a number. Reads no more than JSON_HEAD_BYTES. False, with all values NULL:
 * the text is not an object, as far as it was read.
 */
bool json_head_strings(const char *json, size_t length, const char *const *paths, char **values);

#endif
