/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "common/json_check.h"
#include "common/json_head.h"

static const char *const paths[] = {"id", "domain", "domain.uuid", NULL};

/* Passes the text in pieces of @piece bytes. */
static struct json_check *check_text(const char *text, size_t piece, bool *good)
{
	struct json_check *check = json_check_new(4, paths);
	size_t length = strlen(text);

	*good = true;
	for (size_t i = 0; *good && i < length; i += piece)
		*good = json_check_feed(check, text + i, MIN(piece, length - i), NULL);
	*good = *good && json_check_end(check, NULL);
	return check;
}

static bool is_good(const char *text)
{
	bool whole, split;

	json_check_free(check_text(text, strlen(text) + 1, &whole));
	json_check_free(check_text(text, 1, &split));
	g_assert_cmpint(whole, ==, split);
	return whole;
}

static void test_good(void)
{
	static const char *const good[] = {
		"{}",
		" {\n} \n",
		"{\"a\": null, \"b\": [true, false, 0, -1, 1.5, 2e9, -0.1E-2]}",
		"{\"a\": [], \"b\": {}, \"c\": [[], {}, [1]]}",
		"{\"a\": \"\\n\\t\\\"\\\\ \303\244 } ] , :\"}",
		"{\"a\":[{\"id\":1},{\"id\":2}]}",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
		if (!is_good(good[i]))
			g_error("refused: %s", good[i]);
	}
}

static void test_bad(void)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"1",
		"\"a\"",
		"{}{}",
		"{} x",
		"}",
		"{]",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{\"a\":[1,]}",
		"{\"a\":[1 2]}",
		"{\"a\" 1}",
		"{a:1}",
		"{\"a\":01}",
		"{\"a\":1.}",
		"{\"a\":-}",
		"{\"a\":1e}",
		"{\"a\":0x10}",
		"{\"a\":nul}",
		"{\"a\":True}",
		"{\"a\":NaN}",
		"{\"a\":\"x}",
		"{\"a\":'x'}",
		"{\"a\":1]}",
		/* valid JSON that is in no report */
		"{\"a\":\"\\u001b[2J\"}",
		"{\"a\":\"\\/\"}",
		"{\"\\u0069d\":1}",
		"{\"a\":\"\n\"}",
		/* nested deeper than 4 */
		"{\"a\":[[[[]]]]}",
		/* the same member twice */
		"{\"id\":1,\"id\":2}",
		"{\"domain\":{\"uuid\":1},\"domain\":2}",
		"{\"domain\":{\"uuid\":1,\"uuid\":1}}",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		if (is_good(bad[i]))
			g_error("taken: %s", bad[i]);
	}
}

static void test_values(void)
{
	bool good;
	g_autoptr(JsonCheck) check = check_text(
		"{\"x\":{\"id\":3},\"id\":\"a\\\"b\",\"domain\":{\"y\":[1],\"uuid\":-2}}", 3,
		&good);

	g_assert_true(good);
	g_assert_cmpstr(json_check_value(check, 0), ==, "\"a\\\"b\"");
	g_assert_cmpstr(json_check_value(check, 1), ==, "");
	g_assert_cmpstr(json_check_value(check, 2), ==, "-2");
}

static void test_head(void)
{
	g_autofree char *blank = g_strnfill(JSON_HEAD_BYTES, ' ');
	g_autofree char *late = g_strconcat("{", blank, "\"id\":1}", NULL);
	g_autofree char *fine = g_strconcat("{\"id\":1", blank, "}", NULL);
	g_autofree char *long_value =
		g_strconcat("{\"id\":\"", blank + JSON_HEAD_BYTES - 3000, "\"}", NULL);
	bool good;

	g_assert_false(is_good(late));
	g_assert_true(is_good(fine));
	{
		g_autoptr(JsonCheck) check = check_text(long_value, 1000, &good);

		g_assert_true(good);
		g_assert_cmpstr(json_check_value(check, 0), ==, "");
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/json-check/valid members of a report are accepted", test_good);
	g_test_add_func("/json-check/invalid JSON, and JSON that no report has, is rejected",
			test_bad);
	g_test_add_func("/json-check/the values of requested members are returned", test_values);
	g_test_add_func("/json-check/requested members must be near the beginning", test_head);
	return g_test_run();
}
