/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/json_check.h"

#include <string.h>

#include "common/json.h"
#include "common/json_head.h"

#define MAX_TOKEN 2047
#define MAX_NAME 64
/* Members are matched by name down to this depth. */
#define NAMED_DEPTH 2

enum state {
	EXPECT_VALUE,
	EXPECT_VALUE_OR_END, /* after [ */
	EXPECT_NAME_OR_END,  /* after { */
	EXPECT_NAME,
	EXPECT_COLON,
	EXPECT_NEXT, /* a comma or a closing bracket */
	EXPECT_NOTHING,
	IN_NAME,
	IN_STRING,
	IN_ESCAPE,
	IN_WORD, /* a number, true, false or null */
};

struct json_check {
	enum state state;
	unsigned int max_depth, depth;
	guint64 objects; /* a bit for each open container; set: it is an object */
	guint64 offset;
	const char *const *paths;
	char **values;
	char names[NAMED_DEPTH][MAX_NAME + 1];
	size_t name_length;
	char token[MAX_TOKEN + 1];
	size_t token_length; /* may exceed MAX_TOKEN: the rest was dropped */
};

struct json_check *json_check_new(unsigned int max_depth, const char *const *paths)
{
	struct json_check *check = g_new0(struct json_check, 1);

	check->max_depth = MIN(max_depth, 64);
	check->paths = paths;
	check->values = g_new0(char *, g_strv_length((char **)paths) + 1);
	return check;
}

void json_check_free(struct json_check *check)
{
	if (check == NULL)
		return;
	for (size_t i = 0; check->paths[i]; i++)
		g_free(check->values[i]);
	g_free(check->values);
	g_free(check);
}

static bool refuse(const struct json_check *check, const char *what, GError **error)
{
	g_set_error(error, UNTRUSTED_JSON_ERROR, UNTRUSTED_JSON_ERROR_SYNTAX,
		    "not the JSON of a report: %s at byte %" G_GUINT64_FORMAT, what, check->offset);
	return false;
}

static bool in_object(const struct json_check *check)
{
	return check->depth > 0 && (check->objects >> (check->depth - 1) & 1);
}

static void add_to_token(struct json_check *check, char c)
{
	if (check->token_length < MAX_TOKEN)
		check->token[check->token_length] = c;
	if (check->token_length <= MAX_TOKEN)
		check->token_length++;
}

/* --- requested members --- */

static bool is_at(const struct json_check *check, const char *path)
{
	const char *dot = strchr(path, '.');

	if (check->depth == 1)
		return strcmp(path, check->names[0]) == 0;
	return dot && strlen(check->names[0]) == (size_t)(dot - path) &&
	       strncmp(path, check->names[0], dot - path) == 0 &&
	       strcmp(dot + 1, check->names[1]) == 0;
}

/* Called at the end of an object member's value; @text as for json_check_value(). */
static bool note_value(struct json_check *check, const char *text, GError **error)
{
	if (!in_object(check) || check->depth > NAMED_DEPTH ||
	    (check->depth == 2 && !(check->objects & 1)))
		return true;
	for (size_t i = 0; check->paths[i]; i++) {
		if (!is_at(check, check->paths[i]))
			continue;
		if (check->values[i])
			return refuse(check, "a member that came before", error);
		if (check->offset >= JSON_HEAD_BYTES)
			return refuse(check, "a member that belongs to the beginning", error);
		check->values[i] = g_strdup(text);
	}
	return true;
}

static bool end_token(struct json_check *check, GError **error)
{
	check->token[MIN(check->token_length, MAX_TOKEN)] = '\0';
	check->state = EXPECT_NEXT;
	return note_value(check, check->token_length > MAX_TOKEN ? "" : check->token, error);
}

/* --- the grammar --- */

static bool is_number(const char *text)
{
	if (*text == '-')
		text++;
	if (*text == '0')
		text++;
	else if (g_ascii_isdigit(*text))
		text += strspn(text, "0123456789");
	else
		return false;
	if (*text == '.') {
		text++;
		if (!g_ascii_isdigit(*text))
			return false;
		text += strspn(text, "0123456789");
	}
	if (*text == 'e' || *text == 'E') {
		text++;
		if (*text == '+' || *text == '-')
			text++;
		if (!g_ascii_isdigit(*text))
			return false;
		text += strspn(text, "0123456789");
	}
	return *text == '\0';
}

static bool end_word(struct json_check *check, GError **error)
{
	if (!end_token(check, error))
		return false;
	if (check->token_length <= MAX_TOKEN &&
	    (is_number(check->token) || strcmp(check->token, "true") == 0 ||
	     strcmp(check->token, "false") == 0 || strcmp(check->token, "null") == 0))
		return true;
	return refuse(check, "a word that is no value", error);
}

static bool open_container(struct json_check *check, bool object, GError **error)
{
	if (check->depth == 0 && !object)
		return refuse(check, "something other than an object", error);
	if (check->depth == check->max_depth)
		return refuse(check, "nesting that is too deep", error);
	if (!note_value(check, "", error))
		return false;
	check->objects &= ~((guint64)1 << check->depth);
	check->objects |= (guint64)object << check->depth;
	check->depth++;
	check->state = object ? EXPECT_NAME_OR_END : EXPECT_VALUE_OR_END;
	return true;
}

static bool close_container(struct json_check *check, char bracket, GError **error)
{
	if (check->depth == 0 || bracket != (in_object(check) ? '}' : ']'))
		return refuse(check, "a bracket that closes nothing", error);
	check->depth--;
	check->state = check->depth == 0 ? EXPECT_NOTHING : EXPECT_NEXT;
	return true;
}

static bool begin_value(struct json_check *check, char c, GError **error)
{
	if (c == '{' || c == '[')
		return open_container(check, c == '{', error);
	if (check->depth == 0)
		return refuse(check, "something other than an object", error);
	if (c != '"' && c != '-' && !g_ascii_isalnum(c))
		return refuse(check, "no value", error);
	check->token_length = 0;
	add_to_token(check, c);
	check->state = c == '"' ? IN_STRING : IN_WORD;
	return true;
}

static bool begin_name(struct json_check *check, char c, GError **error)
{
	if (c != '"')
		return refuse(check, "no member name", error);
	check->name_length = 0;
	check->state = IN_NAME;
	return true;
}

static bool take_name(struct json_check *check, char c, GError **error)
{
	bool named = check->depth <= NAMED_DEPTH;

	if (c == '"') {
		if (named)
			check->names[check->depth - 1][check->name_length] = '\0';
		check->state = EXPECT_COLON;
		return true;
	}
	if (c == '\\' || (unsigned char)c < ' ' || check->name_length == MAX_NAME)
		return refuse(check, "a member name that is too long or has an escape", error);
	if (named)
		check->names[check->depth - 1][check->name_length] = c;
	check->name_length++;
	return true;
}

static bool take_string(struct json_check *check, char c, GError **error)
{
	if ((unsigned char)c < ' ')
		return refuse(check, "a control character in a string", error);
	add_to_token(check, c);
	if (c == '"')
		return end_token(check, error);
	if (c == '\\')
		check->state = IN_ESCAPE;
	return true;
}

static bool take_escape(struct json_check *check, char c, GError **error)
{
	if (c != 'n' && c != 't' && c != '"' && c != '\\')
		return refuse(check, "an escape that no report has", error);
	add_to_token(check, c);
	check->state = IN_STRING;
	return true;
}

static bool take_next(struct json_check *check, char c, GError **error)
{
	if (c != ',')
		return close_container(check, c, error);
	check->state = in_object(check) ? EXPECT_NAME : EXPECT_VALUE;
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Between tokens. */
static bool take_mark(struct json_check *check, char c, GError **error)
{
	if (is_space(c))
		return true;
	switch (check->state) {
	case EXPECT_VALUE:
		return begin_value(check, c, error);
	case EXPECT_VALUE_OR_END:
		return c == ']' ? close_container(check, c, error) : begin_value(check, c, error);
	case EXPECT_NAME_OR_END:
		return c == '}' ? close_container(check, c, error) : begin_name(check, c, error);
	case EXPECT_NAME:
		return begin_name(check, c, error);
	case EXPECT_COLON:
		check->state = EXPECT_VALUE;
		return c == ':' || refuse(check, "no colon", error);
	case EXPECT_NEXT:
		return take_next(check, c, error);
	default:
		return refuse(check, "more text after the end", error);
	}
}

static bool take(struct json_check *check, char c, GError **error)
{
	switch (check->state) {
	case IN_NAME:
		return take_name(check, c, error);
	case IN_STRING:
		return take_string(check, c, error);
	case IN_ESCAPE:
		return take_escape(check, c, error);
	case IN_WORD:
		if (c != ',' && c != '}' && c != ']' && !is_space(c)) {
			add_to_token(check, c);
			return true;
		}
		return end_word(check, error) && take_mark(check, c, error);
	default:
		return take_mark(check, c, error);
	}
}

bool json_check_feed(struct json_check *check, const char *bytes, size_t length, GError **error)
{
	for (size_t i = 0; i < length; i++) {
		if (!take(check, bytes[i], error))
			return false;
		check->offset++;
	}
	return true;
}

bool json_check_end(struct json_check *check, GError **error)
{
	return check->state == EXPECT_NOTHING || refuse(check, "the end", error);
}

const char *json_check_value(const struct json_check *check, size_t path)
{
	return check->values[path];
}
