/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks untrusted JSON text while it arrives, with constant memory. The text must be one object,
 * nested no deeper than allowed, in the form that report/json_writer.h writes. That is stricter
 * than RFC 8259: the only escapes are \n, \t, \" and \\, and member names have none.
 * common/sanitize.h checks the characters (UTF-8, clean).
 *
 * A few members can be requested by path. Each may occur once, and must end within the first
 * JSON_HEAD_BYTES, so that json_head.h finds it there.
 */
#ifndef OOPSBT_COMMON_JSON_CHECK_H
#define OOPSBT_COMMON_JSON_CHECK_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

struct json_check;

/* @paths: NULL-terminated, "member" or "outer.member"; borrowed. @max_depth: at most 64. */
struct json_check *json_check_new(unsigned int max_depth, const char *const *paths);
void json_check_free(struct json_check *check);
typedef struct json_check JsonCheck;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JsonCheck, json_check_free)

/* Checks the next bytes. After an error (UNTRUSTED_JSON_ERROR) do not feed more. */
bool json_check_feed(struct json_check *check, const char *bytes, size_t length, GError **error);

/* Checks that the text is complete. */
bool json_check_end(struct json_check *check, GError **error);

/*
 * The text of the value at the path with this index, as written, strings with quotes. "": the value
 * is an object, an array or longer than 2047 bytes. NULL: there is no value.
 */
const char *json_check_value(const struct json_check *check, size_t path);

#endif
