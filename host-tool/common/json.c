/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/json.h"

#include <stdbool.h>
#include <string.h>

G_DEFINE_QUARK(untrusted_json_error, untrusted_json_error)

/* What may stand outside strings and brackets: numbers, words, and what is between values. */
static bool is_plain(char c)
{
	return g_ascii_isalnum(c) || (c && strchr("+-.,: \t\r\n", c));
}

/* Past the string that begins at @i; @length: it does not end. */
static size_t skip_string(const char *text, size_t length, size_t i)
{
	for (i++; i < length; i++) {
		if (text[i] == '"')
			return i + 1;
		if (text[i] == '\\')
			i++;
	}
	return length;
}

/*
 * Whether the text is one object and nothing else, as far as brackets and strings tell. json-glib
 * also takes comments, other quotes, assignments and several values one after the other; it
 * recurses on what a comment hides, and leaks all values but the last. What else is wrong with the
 * text the parser finds.
 */
static const char *find_fault(const char *text, size_t length, unsigned int max_depth)
{
	unsigned int depth = 0;
	bool begun = false;

	for (size_t i = 0; i < length;) {
		if (text[i] == '{' || text[i] == '[') {
			if (depth == 0 && (begun || text[i] == '['))
				return "the JSON text is not an object";
			begun = true;
			if (++depth > max_depth)
				return "the JSON text is nested too deep";
		} else if (text[i] == '}' || text[i] == ']') {
			if (depth-- == 0)
				return "not JSON: a bracket closes nothing";
		} else if (depth == 0 && !g_ascii_isspace(text[i])) {
			return "the JSON text is not an object";
		} else if (text[i] == '"') {
			i = skip_string(text, length, i);
			continue;
		} else if (!is_plain(text[i])) {
			return "not JSON: a character that belongs in a string is outside one";
		}
		i++;
	}
	return !begun ? "the JSON text is not an object" : depth ? "not JSON: it ends early" : NULL;
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
