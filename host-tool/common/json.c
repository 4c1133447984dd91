/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/json.h"

#include <stdbool.h>

G_DEFINE_QUARK(untrusted_json_error, untrusted_json_error)

/* Counts brackets outside strings; what else is wrong with the text the parser finds. */
static bool nested_deeper_than(const char *text, size_t length, unsigned int max_depth)
{
	unsigned int depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < length; i++) {
		switch (text[i]) {
		case '"':
			in_string = !in_string;
			break;
		case '\\':
			if (in_string)
				i++;
			break;
		case '[':
		case '{':
			if (!in_string && ++depth > max_depth)
				return true;
			break;
		case ']':
		case '}':
			if (!in_string && depth > 0)
				depth--;
			break;
		}
	}
	return false;
}

JsonObject *untrusted_json_parse(const char *text, size_t length, unsigned int max_depth,
				 GError **error)
{
	g_autoptr(JsonParser) parser = json_parser_new_immutable();
	g_autoptr(GError) syntax = NULL;
	JsonNode *root;

	if (!g_utf8_validate_len(text, length, NULL)) {
		g_set_error_literal(error, UNTRUSTED_JSON_ERROR, UNTRUSTED_JSON_ERROR_TEXT,
				    "the JSON text is not valid UTF-8");
		return NULL;
	}
	if (nested_deeper_than(text, length, max_depth)) {
		g_set_error(error, UNTRUSTED_JSON_ERROR, UNTRUSTED_JSON_ERROR_TEXT,
			    "the JSON text is nested deeper than %u levels", max_depth);
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
