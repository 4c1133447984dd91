/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parsing JSON that someone else wrote. json-glib recurses on nesting, takes what it gets for
 * UTF-8, and takes more than JSON; all three are checked before it sees the text.
 */
#ifndef OOPSBT_COMMON_JSON_H
#define OOPSBT_COMMON_JSON_H

#include <json-glib/json-glib.h>

#define UNTRUSTED_JSON_ERROR (untrusted_json_error_quark())
GQuark untrusted_json_error_quark(void);
enum untrusted_json_error {
	UNTRUSTED_JSON_ERROR_TEXT,   /* not UTF-8, nested deeper than allowed, or not one object */
	UNTRUSTED_JSON_ERROR_SYNTAX, /* not JSON */
	UNTRUSTED_JSON_ERROR_MEMBER, /* a member is missing or is not what it should be */
};

/*
 * Past the JSON string that begins at @at; NULL if it has no end before @end, or an escape that
 * JSON has not: json-glib leaks what it has of such a string, or makes bytes of it that are not
 * UTF-8.
 */
const char *untrusted_json_skip_string(const char *at, const char *end);

/* The whole text as one object nested at most @max_depth deep; free with json_object_unref(). */
JsonObject *untrusted_json_parse(const char *text, size_t length, unsigned int max_depth,
				 GError **error);

#endif
