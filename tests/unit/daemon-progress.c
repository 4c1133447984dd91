/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/progress.h"

#define LIMIT 1000

static void test_idle(void)
{
	struct progress progress = {0};

	g_assert_false(progress_stands(&progress, LIMIT, 1000 * LIMIT));
	progress_begin(&progress, false, 5000 * LIMIT);
	g_assert_false(progress_stands(&progress, LIMIT, 5001 * LIMIT));
	progress_end(&progress, false, 5001 * LIMIT);
	g_assert_false(progress_stands(&progress, LIMIT, 9000 * LIMIT));
}

static void test_stands(void)
{
	struct progress progress = {0};

	progress_begin(&progress, false, 0);
	/* More work is not progress. */
	progress_begin(&progress, false, LIMIT);
	g_assert_true(progress_stands(&progress, LIMIT, LIMIT + 1));
	progress_end(&progress, false, LIMIT + 1);
	g_assert_false(progress_stands(&progress, LIMIT, 2 * LIMIT + 1));
	g_assert_true(progress_stands(&progress, LIMIT, 2 * LIMIT + 2));
}

static void test_endless(void)
{
	struct progress progress = {0};

	progress_begin(&progress, false, 0);
	progress_begin(&progress, true, 0);
	g_assert_false(progress_stands(&progress, LIMIT, 100 * LIMIT));
	progress_end(&progress, true, 100 * LIMIT);
	g_assert_true(progress_stands(&progress, LIMIT, 101 * LIMIT + 1));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/progress/a pool without work is not stuck", test_idle);
	g_test_add_func("/progress/a pool is stuck when none of its tasks ends", test_stands);
	g_test_add_func("/progress/a task without a time limit is not stuck", test_endless);
	return g_test_run();
}
