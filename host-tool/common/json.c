/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/json.h"

#include <stdbool.h>
#include <string.h>

G_DEFINE_QUARK(untrusted_json_error, untrusted_json_error)

/* Characters outside strings and brackets: numbers, words, and separators. */
static bool is_plain(char c)
{
	return g_ascii_isalnum(c) || (c && strchr("+-.,: \t\r\n", c));
}

/* Four hexadecimal digits; -1: they are not. */
static int read_unit(const char *at, const char *end)
{
	int unit = 0;

	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		if (!g_ascii_isxdigit(at[i]))
			return -1;
		unit = unit << 4 | g_ascii_xdigit_value(at[i]);
	}
	return unit;
}

static bool is_surrogate(int unit, int first)
{
	return unit >= first && unit < first + 0x400;
}

/* Skips the escape after a backslash; a character of two UTF-16 units has two escapes. */
static const char *skip_escape(const char *at, const char *end)
{
	int unit;

	if (at == end || !*at || !strchr("\"\\/bfnrtu", *at))
		return NULL;
	if (*at++ != 'u')
		return at;
	unit = read_unit(at, end);
	if (unit <= 0 || is_surrogate(unit, 0xdc00))
		return NULL;
	at += 4;
	if (!is_surrogate(unit, 0xd800))
		return at;
	if (end - at < 6 || at[0] != '\\' || at[1] != 'u' ||
	    !is_surrogate(read_unit(at + 2, end), 0xdc00))
		return NULL;
	return at + 6;
}

const char *untrusted_json_skip_string(const char *at, const char *end)
{
	at++;
	while (at && at < end) {
		if (*at == '"')
			return at + 1;
		at = *at == '\\' ? skip_escape(at + 1, end) : at + 1;
	}
	return NULL;
}

/*
 * Checks brackets and strings: the text must be one object and nothing else. json-glib also accepts
 * comments, other quotes, assignments and several values in a row. It recurses on nesting in
 * comments, and leaks all values but the last. The parser finds all other errors.
 */
static const char *find_fault(const char *text, size_t length, unsigned int max_depth)
{
	const char *end = text + length;
	unsigned int depth = 0;
	bool begun = false;

	for (const char *at = text; at < end;) {
		if (*at == '{' || *at == '[') {
			if (depth == 0 && (begun || *at == '['))
				return "the JSON text is not an object";
			begun = true;
			if (++depth > max_depth)
				return "the JSON text is nested too deep";
		} else if (*at == '}' || *at == ']') {
			if (depth-- == 0)
				return "not JSON: a bracket closes nothing";
		} else if (depth == 0 && !g_ascii_isspace(*at)) {
			return "the JSON text is not an object";
		} else if (*at == '"') {
			at = untrusted_json_skip_string(at, end);
			if (!at)
				return "not JSON: a string does not end, or has an invalid escape";
			continue;
		} else if (!is_plain(*at)) {
			return "not JSON: a character that belongs in a string is outside one";
		}
		at++;
	}
	return !begun ? "the JSON text is empty" : depth ? "not JSON: it ends early" : NULL;
}

JsonObject *untrusted_json_parse(const char *text, size_t length, unsigned int max_depth,
				 GError **error)
{
	g_autoptr(JsonParser) parser = json_parser_new_immutable();
	g_autoptr(GError) syntax = NULL;
	const char *fault;
	JsonNode *root;

	if (!g_utf8_validate_len(text, length, NULL)) {
		g_set_error_literal(error, UNTRUSTED_JSON_ERROR, UNTRUSTED_JSON_ERROR_TEXT,
				    "the JSON text is not valid UTF-8");
		return NULL;
	}
	fault = find_fault(text, length, max_depth);
	if (fault) {
		g_set_error_literal(error, UNTRUSTED_JSON_ERROR, UNTRUSTED_JSON_ERROR_TEXT, fault);
		return NULL;
	}
	if (length > G_MAXSSIZE || !json_parser_load_from_data(parser, text, length, &syntax)) {
		g_set_error(error, UNTRUSTED_JSON_ERROR, UNTRUSTED_JSON_ERROR_SYNTAX,
			    "not JSON: %s", syntax ? syntax->message : "too long");
		return NULL;
	}
	root = json_parser_get_root(parser);
	if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
		g_set_error_literal(error, UNTRUSTED_JSON_ERROR, UNTRUSTED_JSON_ERROR_SYNTAX,
				    "the JSON text is not an object");
		return NULL;
	}
	return json_object_ref(json_node_get_object(root));
}
