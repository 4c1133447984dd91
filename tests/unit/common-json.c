/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON that a guest may have influenced: the parser rejects extensions of JSON that json-glib
 * accepts.
 */
#include <stdbool.h>
#include <string.h>

#include "common/json.h"

#define MAX_DEPTH 4
#define DEEP 1000000

static bool is_taken(const char *text)
{
	g_autoptr(GError) error = NULL;
	JsonObject *object = untrusted_json_parse(text, strlen(text), MAX_DEPTH, &error);

	if (object)
		json_object_unref(object);
	else
		g_assert_nonnull(error);
	return object != NULL;
}

static void test_objects_are_taken(void)
{
	static const char *const texts[] = {
		"{}",
		" \t\r\n{ } \n",
		"{\"a\":[1,-2.5e+3,true,false,null,\"x\"],\"b\":{\"c\":[[]]}}",
		"{\"brackets\":\"}]{[[[[[[\",\"quote\":\"\\\"{\",\"backslash\":\"\\\\\"}",
		"{\"other\":\"/* ' # = */\"}",
		"{\"escapes\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"}",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_test_message("%s", texts[i]);
		g_assert_true(is_taken(texts[i]));
	}
}

static void test_what_is_not_one_object_is_refused(void)
{
	static const char *const texts[] = {
		"",
		" ",
		"[]",
		"\"a\"",
		"1",
		"null",
		"{",
		"{}}",
		"}",
		"{\"a\":1",
		"{\"a",
		"{\"a\\",
		"{}{}",
		"{} {\"a\":1}",
		"\"\"{}",
		"[1]{}",
		"{} x",
		"var x = {};",
		"{\"a\":'b'}",
		"{\"a\":1 // b\n}",
		"{\"a\":/* b */1}",
		"{\"a\":\377}",
		"{\"a\":[[[[1]]]]}",
		"{\"a\":\"\\x41\"}",
		"{\"a\":\"\\214\"}", /* json-glib would make a byte from this */
		"{\"a\":\"\\u00\"}",
		"{\"a\":\"\\u0000\"}",
		"{\"a\":\"\\ud83d\"}",
		"{\"a\":\"\\ud83d\\u00de\"}",
		"{\"a\":\"\\ud83dxxxxxx\"}",
		"{\"a\":\"\\ude00\"}",
		"{\"a\":\"\\ud83d\\ud",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_test_message("%s", texts[i]);
		g_assert_false(is_taken(texts[i]));
	}
}

/* With a quote in a comment, the text behind it would look like a string. */
static void test_nesting_behind_a_comment_is_refused(void)
{
	static const char *const begins[] = {"{\"a\":/*\"*/", "{\"a\"://\"\n",
					     "{\"a\":'\"',\"b\":"};

	for (size_t i = 0; i < G_N_ELEMENTS(begins); i++) {
		g_autoptr(GString) text = g_string_new(begins[i]);

		for (int depth = 0; depth < DEEP; depth++)
			g_string_append_c(text, '[');
		g_assert_false(is_taken(text->str));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/json/objects-are-taken", test_objects_are_taken);
	g_test_add_func("/json/what-is-not-one-object-is-refused",
			test_what_is_not_one_object_is_refused);
	g_test_add_func("/json/nesting-behind-a-comment-is-refused",
			test_nesting_behind_a_comment_is_refused);
	return g_test_run();
}
