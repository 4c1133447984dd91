/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks a JSON text that someone else wrote while it comes, in memory that does not depend on the
 * text: whether it is one object, nested no deeper than allowed, as report/json_writer.h writes
 * one. That is stricter than RFC 8259: the only escapes are \n, \t, \" and \\, and member names
 * have none. What the bytes are (UTF-8, clean) is for common/sanitize.h.
 *
 * A few members can be asked for by path. Each may come once, and must end within the first
 * JSON_HEAD_BYTES: who wants them later (json_head.h) need not look further.
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

/* The next bytes of the text. After an error (UNTRUSTED_JSON_ERROR) no more may follow. */
bool json_check_feed(struct json_check *check, const char *bytes, size_t length, GError **error);

/* There are no more: is it whole? */
bool json_check_end(struct json_check *check, GError **error);

/*
 * The text of the value at the path of that index, strings with their quotes, as written; "" if it
 * is an object, an array or longer than 2047 bytes. NULL: it did not come.
 */
const char *json_check_value(const struct json_check *check, size_t path);

#endif
