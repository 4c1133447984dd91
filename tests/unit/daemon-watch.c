/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/watch.h"

#define SECOND G_TIME_SPAN_SECOND
#define DIE ((uint64_t)1 << 7)

static const struct protocol_verdict verdict = {
	.known = 1,
	.die_counter = 5,
	.die_counter_address = 0x1000,
	.taint_address = 0x2000,
	.taint = 0x3000,
};

/* The timestamps of events come from another clock. */
#define REAL (1000 * SECOND)

static enum watch_result look(struct watch *watch, uint32_t counter, uint64_t taint, bool events,
			      gint64 now)
{
	return watch_look(watch, counter, taint, events, now, REAL + now);
}

static void test_nothing_moves(void)
{
	struct watch watch = {0};

	watch_set(&watch, &verdict);
	g_assert_cmpint(look(&watch, 5, 0x3000, false, SECOND), ==, WATCH_QUIET);
	g_assert_cmpint(look(&watch, 5, 0x3200, false, 2 * SECOND), ==, WATCH_QUIET);
}

static void test_oops(void)
{
	struct watch watch = {0};

	watch_set(&watch, &verdict);
	g_assert_cmpint(look(&watch, 6, 0x3000 | DIE, false, SECOND), ==, WATCH_OOPS);
	g_assert_cmpint(look(&watch, 6, 0x3000 | DIE, false, 2 * SECOND), ==, WATCH_QUIET);
}

static void test_event_on_its_way(void)
{
	struct watch watch = {0};

	watch_set(&watch, &verdict);
	g_assert_cmpint(look(&watch, 6, 0x3000 | DIE, true, SECOND), ==, WATCH_QUIET);
	watch_expect(&watch, SECOND);
	g_assert_cmpint(look(&watch, 6, 0x3000 | DIE, true, 2 * SECOND), ==, WATCH_QUIET);
	/* And an event that does not arrive. */
	g_assert_cmpint(look(&watch, 7, 0x3000 | DIE, true, 3 * SECOND), ==, WATCH_QUIET);
	g_assert_cmpint(look(&watch, 7, 0x3000 | DIE, true, 4 * SECOND), ==, WATCH_OOPS);
	g_assert_cmpint(look(&watch, 7, 0x3000 | DIE, true, 5 * SECOND), ==, WATCH_QUIET);
}

/* The stored state of an earlier daemon; an event came before it was loaded. */
static void test_continues(void)
{
	struct watch since = {0}, watch = {0};

	watch_set(&watch, &verdict);
	watch_expect(&since, SECOND);
	watch_continue(&watch, &since);
	g_assert_cmpint(look(&watch, 7, 0x3000 | DIE, false, 2 * SECOND), ==, WATCH_OOPS);
	g_assert_cmpuint(watch.told, ==, 1);
}

static void test_catches_up(void)
{
	const struct protocol_verdict later = {
		.known = 1,
		.die_counter = 8,
		.die_counter_address = 0x1000,
		.taint_address = 0x2000,
		.taint = 0x3000 | DIE,
	};
	struct watch watch = {0};

	watch_set(&watch, &verdict);
	watch_catch_up(&watch, &(struct protocol_verdict){0});
	g_assert_cmpuint(watch.counter, ==, 5);
	watch_catch_up(&watch, &later);
	g_assert_cmpint(look(&watch, 8, 0x3000 | DIE, false, SECOND), ==, WATCH_QUIET);
	g_assert_cmpint(look(&watch, 9, 0x3000 | DIE, false, 2 * SECOND), ==, WATCH_OOPS);
	g_assert_cmpuint(watch.told, ==, 1);
}

static void test_waits_for_flag(void)
{
	struct watch watch = {0};

	watch_set(&watch, &verdict);
	g_assert_cmpint(look(&watch, 6, 0x3000, false, SECOND), ==, WATCH_QUIET);
	g_assert_cmpint(look(&watch, 6, 0x3000 | DIE, false, 2 * SECOND), ==, WATCH_OOPS);
}

static void test_event_is_not_news(void)
{
	struct watch watch = {0};

	watch_set(&watch, &verdict);
	watch_expect(&watch, SECOND);
	g_assert_cmpint(look(&watch, 5, 0x3000, false, 2 * SECOND), ==, WATCH_QUIET);
	g_assert_cmpint(look(&watch, 6, 0x3000 | DIE, false, 3 * SECOND), ==, WATCH_QUIET);
	/* The next event arrives. */
	g_assert_cmpint(look(&watch, 7, 0x3000 | DIE, false, 4 * SECOND), ==, WATCH_OOPS);
}

static void test_lost_event_among_others(void)
{
	struct watch watch = {0};

	watch_set(&watch, &verdict);
	watch_expect(&watch, SECOND);
	watch_expect(&watch, SECOND);
	g_assert_cmpint(look(&watch, 9, 0x3000 | DIE, false, 2 * SECOND), ==, WATCH_OOPS);
	g_assert_cmpuint(watch.told, ==, 2);
}

static void test_credit_ends(void)
{
	struct watch watch = {0};

	watch_set(&watch, &verdict);
	watch_expect(&watch, SECOND);
	g_assert_cmpint(look(&watch, 6, 0x3000 | DIE, false, 60 * SECOND), ==, WATCH_OOPS);
}

static void test_credit_lasts(void)
{
	struct watch watch = {0};

	watch_set(&watch, &verdict);
	watch_expect(&watch, SECOND);
	watch_resume(&watch, 60 * SECOND); /* a long collection */
	watch_expect(&watch, 61 * SECOND);
	watch_resume(&watch, 120 * SECOND);
	g_assert_cmpint(look(&watch, 7, 0x3000 | DIE, false, 121 * SECOND), ==, WATCH_QUIET);
	watch_resume(&watch, 140 * SECOND);
	g_assert_cmpint(look(&watch, 8, 0x3000 | DIE, false, 141 * SECOND), ==, WATCH_OOPS);
}

static void test_late_event(void)
{
	struct watch watch = {0};

	watch_set(&watch, &verdict);
	g_assert_false(watch_has_told(&watch, REAL));
	g_assert_cmpint(look(&watch, 6, 0x3000 | DIE, false, 2 * SECOND), ==, WATCH_OOPS);
	/* An event of a later oops. */
	g_assert_false(watch_has_told(&watch, REAL + 3 * SECOND));
	/* An event of that oops; only the first one counts. */
	g_assert_true(watch_has_told(&watch, REAL + SECOND));
	g_assert_false(watch_has_told(&watch, REAL + SECOND));
	/* A reported oops excuses nothing if the clock was set back meanwhile. */
	g_assert_cmpint(look(&watch, 7, 0x3000 | DIE, false, 4 * SECOND), ==, WATCH_OOPS);
	g_assert_false(watch_has_told(&watch, REAL - 60 * SECOND));
}

static void test_other_memory(void)
{
	struct watch watch = {0};

	watch_set(&watch, &verdict);
	g_assert_cmpint(look(&watch, 0, 0x3000, false, SECOND), ==, WATCH_STALE);
	g_assert_cmpuint(watch.counter_address, ==, 0);
	watch_set(&watch, &verdict);
	g_assert_cmpint(look(&watch, 6, 0x80, false, SECOND), ==, WATCH_STALE);
	watch_set(&watch, &verdict);
	g_assert_cmpint(look(&watch, 6, ~(uint64_t)0, false, SECOND), ==, WATCH_STALE);
}

static void test_gap(void)
{
	struct protocol_verdict later = verdict;
	struct watch watch = {0};

	/* The state of an earlier daemon; then the watch finds the same kernel with more oopses. */
	watch_set(&watch, &verdict);
	later.die_counter = 6;
	later.taint |= DIE;
	watch_set(&watch, &later);
	g_assert_cmpint(look(&watch, 6, later.taint, false, SECOND), ==, WATCH_OOPS);
}

static void test_another_kernel(void)
{
	struct protocol_verdict other = verdict;
	struct watch watch = {0};

	watch_set(&watch, &verdict);
	other.die_counter_address += 0x200000;
	other.die_counter = 0;
	g_assert_false(watch_set(&watch, &verdict));
	g_assert_true(watch_set(&watch, &other));
	g_assert_cmpint(look(&watch, 0, 0x3000, false, SECOND), ==, WATCH_QUIET);
}

static void test_unknown_verdict(void)
{
	const struct protocol_verdict unknown = {0};
	struct watch watch = {0};

	watch_set(&watch, &verdict);
	watch_set(&watch, &unknown);
	g_assert_cmpuint(watch.counter_address, ==, 0x1000);
}

static void test_clock_that_stands(void)
{
	struct watch watch = {0};
	const gint64 delays[] = {4, 8, 16, 32, 60, 60};
	gint64 at = SECOND;

	g_assert_false(watch_clock_stands(&watch, 7, at));
	for (size_t i = 0; i < G_N_ELEMENTS(delays); i++) {
		at += delays[i] * SECOND;
		g_assert_false(watch_clock_stands(&watch, 7, at - 1));
		g_assert_true(watch_clock_stands(&watch, 7, at));
		g_assert_false(watch_clock_stands(&watch, 7, at));
	}
	g_assert_false(watch_clock_stands(&watch, 8, at + 100 * SECOND));
	g_assert_false(watch_clock_stands(&watch, 8, at + 103 * SECOND));
	g_assert_true(watch_clock_stands(&watch, 8, at + 104 * SECOND));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/watch/an unchanged counter is quiet", test_nothing_moves);
	g_test_add_func("/watch/an increased counter is one oops", test_oops);
	g_test_add_func("/watch/an oops waits for its event for one interval",
			test_event_on_its_way);
	g_test_add_func("/watch/an oops is reported when the kernel has printed it",
			test_waits_for_flag);
	g_test_add_func("/watch/an oops that had an event is not reported again",
			test_event_is_not_news);
	g_test_add_func("/watch/a count above the number of events is an oops",
			test_lost_event_among_others);
	g_test_add_func("/watch/an event covers a later oops only for a short time",
			test_credit_ends);
	g_test_add_func("/watch/a long collection does not report its oops again",
			test_credit_lasts);
	g_test_add_func("/watch/an event for a reported oops is not reported again",
			test_late_event);
	g_test_add_func("/watch/an implausible counter is rejected", test_other_memory);
	g_test_add_func("/watch/an oops between two daemons is found", test_gap);
	g_test_add_func("/watch/an event before the stored state was loaded is its oops's",
			test_continues);
	g_test_add_func("/watch/oopses that a report has listed are not found again",
			test_catches_up);
	g_test_add_func("/watch/another kernel restarts the watch", test_another_kernel);
	g_test_add_func("/watch/an answer without a kernel changes nothing", test_unknown_verdict);
	g_test_add_func("/watch/a stopped clock is examined more and more rarely",
			test_clock_that_stands);
	return g_test_run();
}
