/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "common/sanitize.h"

static const struct {
	const char *bytes, *line;
	bool clean;
} cases[] = {
	{"plain text, ünïcode, 日本", "plain text, ünïcode, 日本", true},
	{"tab\tstays", "tab\tstays", true},
	{"two\nlines", "two\\x0alines", true},
	{"\033[31mred", "\\x1b[31mred", false},
	{"bell\a\b\177", "bell\\x07\\x08\\x7f", false},
	{"\r", "\\x0d", false},
	{"C1 \302\233", "C1 \\xc2\\x9b", false},
	{"raw C1 \233", "raw C1 \\x9b", false},
	{"cut \303", "cut \\xc3", false},
	{"overlong \300\257", "overlong \\xc0\\xaf", false},
	{"surrogate \355\240\200", "surrogate \\xed\\xa0\\x80", false},
	{"bidi \342\200\256", "bidi \\xe2\\x80\\xae", false},
	{"isolate \342\201\246", "isolate \\xe2\\x81\\xa6", false},
	{"zero width \342\200\213", "zero width \\xe2\\x80\\x8b", false},
	{"line separator \342\200\250", "line separator \\xe2\\x80\\xa8", false},
	{"byte order mark \357\273\277", "byte order mark \\xef\\xbb\\xbf", false},
	{"noncharacter \357\277\277", "noncharacter \\xef\\xbf\\xbf", false},
	{"backslash \\ and \\n", "backslash \\ and \\n", true},
	{"a lie \\x1b", "a lie \\x5cx1b", true},
};

static void test_cases(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *line = sanitize_line(cases[i].bytes, -1);

		g_assert_cmpstr(line, ==, cases[i].line);
		g_assert_true(text_is_clean(line, strlen(line)));
		g_assert_true(text_is_clean(cases[i].bytes, strlen(cases[i].bytes)) ==
			      cases[i].clean);
	}
	g_assert_null(sanitize_line(NULL, 0));
}

static void test_given_length(void)
{
	g_autofree char *nul = sanitize_line("a\0b", 3);
	g_autofree char *cut = sanitize_line("\303\274", 1);

	g_assert_cmpstr(nul, ==, "a\\x00b");
	g_assert_cmpstr(cut, ==, "\\xc3");
	g_assert_false(text_is_clean("a\0b", 3));
}

/* The output is clean text for every input. */
static void test_random_bytes(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(5);

	for (unsigned int round = 0; round < 20000; round++) {
		char bytes[24] = {0};
		int length = g_rand_int_range(random, 0, sizeof(bytes) + 1);
		g_autofree char *line = NULL;

		for (int i = 0; i < length; i++)
			bytes[i] = (char)(g_rand_boolean(random) ? g_rand_int_range(random, 0, 256)
								 : "\342\200\357\302\\x"[i % 6]);
		line = sanitize_line(bytes, length);
		g_assert_true(text_is_clean(line, strlen(line)));
		g_assert_null(strchr(line, '\n'));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sanitize/cases", test_cases);
	g_test_add_func("/sanitize/given-length", test_given_length);
	g_test_add_func("/sanitize/random-bytes", test_random_bytes);
	return g_test_run();
}
