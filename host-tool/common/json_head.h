/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A few strings and numbers out of a large JSON object without parsing it whole: a listing wants
 * the title of hundreds of reports, each of which may be megabytes of frames. Reading stops at the
 * last member wanted. This is not a validator: what lies behind may be damaged.
 */
#ifndef OOPSBT_COMMON_JSON_HEAD_H
#define OOPSBT_COMMON_JSON_HEAD_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* As far as is looked at most: what is wanted from a report must come before (json_check.h). */
#define JSON_HEAD_BYTES ((size_t)256 << 10)

/*
 * @paths: NULL-terminated member names of the outermost object, or "outer.inner" for a member of
 * an object in it. @values: one for each path, set to its text (g_free()) or NULL if it is absent
 * or neither a string nor a number. Returns false, with all values NULL, if the text is not an
 * object as far as it was read. Of a longer text than JSON_HEAD_BYTES the rest is not read.
 */
bool json_head_strings(const char *json, size_t length, const char *const *paths, char **values);

#endif
