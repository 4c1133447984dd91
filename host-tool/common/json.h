/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parses untrusted JSON. json-glib recurses on nesting, assumes UTF-8, and accepts more than JSON.
 * So the text is checked for all three before json-glib sees it.
 */
#ifndef OOPSBT_COMMON_JSON_H
#define OOPSBT_COMMON_JSON_H

#include <json-glib/json-glib.h>

#define UNTRUSTED_JSON_ERROR (untrusted_json_error_quark())
GQuark untrusted_json_error_quark(void);
enum untrusted_json_error {
	UNTRUSTED_JSON_ERROR_TEXT,   /* not UTF-8, nested too deeply, or not one object */
	UNTRUSTED_JSON_ERROR_SYNTAX, /* not JSON */
	UNTRUSTED_JSON_ERROR_MEMBER, /* a member is missing or wrong */
};

/*
 * The end of the JSON string that begins at @at. NULL: it has no end before @end, or has an escape
 * that JSON does not define. json-glib leaks such strings, or makes invalid UTF-8 of them.
 */
const char *untrusted_json_skip_string(const char *at, const char *end);

/*
 * Parses the whole text as one object, nested at most @max_depth deep; free with
 * json_object_unref().
 */
JsonObject *untrusted_json_parse(const char *text, size_t length, unsigned int max_depth,
				 GError **error);

#endif
