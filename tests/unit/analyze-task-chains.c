/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chains of waiting tasks, from tasks that the test fills in. */
#include "analyze/task_chains.h"

#include <string.h>

#include "kernel/frame.h"

/* @holder: the number of a task; -1: none. */
static void add(struct report *report, char letter, int holder, const char *claim)
{
	int64_t number = (int64_t)report->tasks.shown->len;
	struct report_sleeper sleeper = {
		.task = {.known = true,
			 .pid = {true, 100 + number},
			 .comm = g_strdup_printf("task%d", (int)number)},
		.letter = letter,
		.waits_for = "mutex",
		.lock_symbol = g_strdup("a_lock"),
		.waits_in = g_strdup("a_function"),
		.claim = claim,
		.holder = {holder >= 0, holder},
		.frames = frames_new(),
	};

	g_array_append_val(report->tasks.shown, sleeper);
}

static const struct report_chain *chain_at(const struct report *report, guint index)
{
	g_assert_cmpuint(index, <, report->tasks.chains->len);
	return &g_array_index(report->tasks.chains, struct report_chain, index);
}

static void test_deadlock(void)
{
	struct report *report = report_new();

	add(report, 'D', 1, "owner");
	add(report, 'D', 0, "owner");
	add(report, 'D', 0, "owner"); /* behind the two */
	task_chains_fill(report);
	g_assert_cmpuint(report->tasks.chains->len, ==, 2);
	g_assert_true(chain_at(report, 0)->deadlock && chain_at(report, 0)->certain);
	g_assert_cmpstr(chain_at(report, 0)->text, ==,
			"Deadlock: task0 (pid 100) waits for mutex a_lock in a_function, held by "
			"task1 (pid 101), which waits for mutex a_lock in a_function, held by "
			"task0 (pid 100)");
	g_assert_false(chain_at(report, 1)->deadlock);
	report_free(report);
}

/* A task that holds the lock that it waits for. */
static void test_alone(void)
{
	struct report *report = report_new();

	add(report, 'D', 0, "owner");
	task_chains_fill(report);
	g_assert_true(chain_at(report, 0)->deadlock && chain_at(report, 0)->certain);
	report_free(report);
}

/* The last holder of a lock may have released it. */
static void test_likely(void)
{
	static const char *const claims[] = {"reader", "last holder"};

	for (size_t i = 0; i < G_N_ELEMENTS(claims); i++) {
		struct report *report = report_new();

		add(report, 'D', 1, "owner");
		add(report, 'D', 0, claims[i]);
		task_chains_fill(report);
		g_assert_true(chain_at(report, 0)->deadlock && !chain_at(report, 0)->certain);
		g_assert_true(g_str_has_prefix(chain_at(report, 0)->text, "Likely deadlock: "));
		report_free(report);
	}
}

static void test_end(void)
{
	static const struct {
		char letter;
		const char *words;
	} ends[] = {{'Z', "held by task1 (pid 101), which has ended"},
		    {'R', "held by task1 (pid 101), which waits for a CPU"},
		    {'D', "held by task1 (pid 101), which waits for a mutex in a_function"}};

	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
		struct report *report = report_new();

		add(report, 'D', 1, "owner");
		add(report, ends[i].letter, -1, NULL);
		task_chains_fill(report);
		g_assert_cmpuint(report->tasks.chains->len, ==, 1);
		g_assert_false(chain_at(report, 0)->deadlock);
		g_test_message("%s", chain_at(report, 0)->text);
		g_assert_true(g_str_has_suffix(chain_at(report, 0)->text, ends[i].words));
		report_free(report);
	}
}

/*
 * Half of the tasks wait for the first task of the other half, which wait for each other in a row.
 */
static void test_long(void)
{
	const int half = 256;
	struct report *report = report_new();
	size_t length = 0;

	for (int i = 0; i < half; i++)
		add(report, 'D', half, "owner");
	for (int i = 0; i < half; i++)
		add(report, 'D', i < half - 1 ? half + i + 1 : -1, "owner");
	task_chains_fill(report);
	g_assert_cmpuint(report->tasks.chains->len, ==, half);
	g_assert_cmpuint(chain_at(report, 0)->tasks->len, ==, half + 1);
	g_assert_nonnull(
		strstr(chain_at(report, 0)->text, "the first of 240, each of which waits"));
	g_assert_nonnull(strstr(chain_at(report, 0)->text, "task511 (pid 611)"));
	for (guint i = 0; i < report->tasks.chains->len; i++)
		length += strlen(chain_at(report, i)->text);
	g_assert_cmpuint(length, <, 1 << 20);
	report_free(report);
}

static struct report_sleeper *sleeper_at(struct report *report, guint index)
{
	return &g_array_index(report->tasks.shown, struct report_sleeper, index);
}

/* Two tasks that have just begun to wait do not displace a task that has hung for an hour. */
static void test_telling(void)
{
	static const struct {
		int64_t alone_s, chain_s;
		bool told;
	} cases[] = {{3600, 1, false}, {3600, 1799, false}, {3600, 1800, true}, {0, 0, true}};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct report *report = report_new();

		add(report, 'D', -1, NULL);
		add(report, 'D', 2, "owner");
		add(report, 'S', -1, NULL);
		sleeper_at(report, 0)->for_ns =
			(struct maybe_int){true, cases[i].alone_s * INT64_C(1000000000)};
		for (guint j = 1; j < 3; j++)
			sleeper_at(report, j)->for_ns =
				(struct maybe_int){true, cases[i].chain_s * INT64_C(1000000000)};
		task_chains_fill(report);
		g_assert_true(task_chains_longest(report) == sleeper_at(report, 0));
		g_assert_true(cases[i].told == (task_chains_telling(report) != NULL));
		g_assert_true(task_chains_cause(report) ==
			      sleeper_at(report, cases[i].told ? 2 : 0));
		report_free(report);
	}
}

/* A running task does not hang: the task that waits for it does. A deadlock has no end. */
static void test_cause(void)
{
	struct report *report = report_new();

	g_assert_null(task_chains_cause(report));
	add(report, 'D', 1, "owner");
	add(report, 'R', -1, NULL);
	task_chains_fill(report);
	g_assert_true(task_chains_cause(report) == sleeper_at(report, 0));
	report_free(report);
	report = report_new();
	add(report, 'D', 1, "owner");
	add(report, 'D', 0, "owner");
	task_chains_fill(report);
	g_assert_true(task_chains_telling(report)->deadlock);
	g_assert_null(task_chains_cause(report));
	report_free(report);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/chains/two tasks that wait for each other are a deadlock", test_deadlock);
	g_test_add_func("/chains/a task that waits for itself is a deadlock", test_alone);
	g_test_add_func("/chains/a chain through a last reader is a likely deadlock", test_likely);
	g_test_add_func("/chains/the report tells what the last task of a chain does", test_end);
	g_test_add_func("/chains/a long chain has a short description", test_long);
	g_test_add_func("/chains/the task chosen for a hang has waited for about as long",
			test_telling);
	g_test_add_func("/chains/the cause is the last sleeping task of the chain", test_cause);
	return g_test_run();
}
