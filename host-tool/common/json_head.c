/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/json_head.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "common/json.h"

struct cursor {
	const char *at;
	const char *end;
	const char *const *paths;
	char **values;
	unsigned int missing; /* paths not found yet */
};

static void skip_space(struct cursor *cursor)
{
	while (cursor->at < cursor->end && strchr(" \t\r\n", *cursor->at) && *cursor->at)
		cursor->at++;
}

static bool take(struct cursor *cursor, char wanted)
{
	skip_space(cursor);
	if (cursor->at == cursor->end || *cursor->at != wanted)
		return false;
	cursor->at++;
	return true;
}

static bool skip_string(struct cursor *cursor)
{
	const char *end;

	skip_space(cursor);
	if (cursor->at == cursor->end || *cursor->at != '"')
		return false;
	end = untrusted_json_skip_string(cursor->at, cursor->end);
	if (end)
		cursor->at = end;
	return end != NULL;
}

/* The decoded string at the cursor; NULL: not a string. */
static char *take_string(struct cursor *cursor)
{
	g_autoptr(JsonNode) node = NULL;
	g_autofree char *token = NULL;
	const char *start;
	const char *text;

	skip_space(cursor);
	start = cursor->at;
	if (!skip_string(cursor))
		return NULL;
	token = g_strndup(start, cursor->at - start);
	if (!g_utf8_validate(token, -1, NULL))
		return NULL;
	node = json_from_string(token, NULL);
	text = node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
	return g_strdup(text);
}

static bool skip_value(struct cursor *cursor)
{
	size_t depth = 0;

	skip_space(cursor);
	while (cursor->at < cursor->end) {
		switch (*cursor->at) {
		case '"':
			if (!skip_string(cursor))
				return false;
			if (depth == 0)
				return true;
			continue;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (depth == 0)
				return true; /* the preceding number or word ends here */
			if (--depth == 0) {
				cursor->at++;
				return true;
			}
			break;
		case ',':
			if (depth == 0)
				return true;
			break;
		default:
			break;
		}
		cursor->at++;
	}
	return false;
}

/* Takes a string, or a number as written; skips any other value. */
static bool take_value(struct cursor *cursor, char **value)
{
	const char *start = cursor->at;

	if (*start == '"') {
		*value = take_string(cursor);
		return *value != NULL;
	}
	if (!skip_value(cursor))
		return false;
	if (g_ascii_isdigit(*start) || *start == '-')
		*value = g_strchomp(g_strndup(start, cursor->at - start));
	return true;
}

static bool object(struct cursor *cursor, const char *prefix);

static bool member(struct cursor *cursor, const char *prefix)
{
	g_autofree char *name = take_string(cursor);
	g_autofree char *path = NULL;

	if (!name || !take(cursor, ':'))
		return false;
	path = g_strconcat(prefix, name, NULL);
	skip_space(cursor);
	if (cursor->at == cursor->end)
		return false;
	for (size_t i = 0; cursor->paths[i]; i++) {
		if (strcmp(cursor->paths[i], path) != 0 || cursor->values[i])
			continue;
		cursor->missing--;
		return take_value(cursor, &cursor->values[i]);
	}
	if (*cursor->at == '{' && !*prefix) {
		g_autofree char *inner = g_strconcat(path, ".", NULL);

		for (size_t i = 0; cursor->paths[i]; i++) {
			if (g_str_has_prefix(cursor->paths[i], inner))
				return object(cursor, inner);
		}
	}
	return skip_value(cursor);
}

static bool object(struct cursor *cursor, const char *prefix)
{
	if (!take(cursor, '{'))
		return false;
	if (take(cursor, '}'))
		return true;
	do {
		if (!member(cursor, prefix))
			return false;
		if (cursor->missing == 0)
			return true;
	} while (take(cursor, ','));
	return take(cursor, '}');
}

bool json_head_strings(const char *json, size_t length, const char *const *paths, char **values)
{
	struct cursor cursor = {
		.at = json,
		.end = json + MIN(length, JSON_HEAD_BYTES),
		.paths = paths,
		.values = values,
		.missing = g_strv_length((char **)paths),
	};

	memset(values, 0, cursor.missing * sizeof(*values));
	if (object(&cursor, "") || (length > JSON_HEAD_BYTES && cursor.at == cursor.end))
		return true;
	for (size_t i = 0; paths[i]; i++)
		g_clear_pointer(&values[i], g_free);
	return false;
}
