/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ages from values in guest memory, which can be arbitrary. */
#include "kernel/schedule.h"

static struct maybe_int known(int64_t value)
{
	return (struct maybe_int){true, value};
}

static void assert_age(struct maybe_int age, bool is_known, int64_t value)
{
	g_assert_cmpint(age.known, ==, is_known);
	if (is_known)
		g_assert_cmpint(age.value, ==, value);
}

/* Values of jiffies_64 in guests of each configuration. */
static void test_hz(void)
{
	static const struct {
		uint64_t jiffies;
		int64_t uptime_s, hz;
	} cases[] = {
		{0xffffffffull - 75000 + 1 + 250 * 42, 42, 250}, /* Debian, shortly after boot */
		{0xffffffffull - 75000 + 1 + 250ull * 864000, 864000,
		 250}, /* after the wrap of 32 bits */
		{0xffffffffull - 300000 + 1 + 1000 * 7, 7, 1000},
		{0xffffffffull - 30000 + 1 + 100 * 3600, 3600, 100},
		{0xffffffffull - 90000 + 1 + 300 * 60, 60, 300},
		{0, 10, 0}, /* not a valid jiffies value */
		{INT64_MAX / 2, 10, 0},
		{0xffffffffull, 1000000, 0},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct maybe_int hz = schedule_guess_hz(cases[i].jiffies, cases[i].uptime_s);

		g_test_message("case %zu", i);
		assert_age(hz, cases[i].hz != 0, cases[i].hz);
	}
}

static void test_ages(void)
{
	const struct schedule_now now = {known(10ll << 30), known(1000), known(250)};
	struct schedule schedule = {
		.arrived_ns = known((10ll << 30) - 5000),
		.tick = known(999),
		.watchdog_s = known(7),
	};

	assert_age(schedule_task_ran_ns(&schedule, &now), true, 5000);
	assert_age(schedule_tick_age_ns(&schedule, &now), true, 4000000);
	assert_age(schedule_watchdog_age_ns(&schedule, &now), true, 3ll << 30);
}

/* Times in the future, unset times, and differences that overflow. */
static void test_nonsense(void)
{
	const struct schedule_now now = {known(INT64_MAX), known(INT64_MAX), known(100)};
	const struct schedule_now early = {known(5), known(5), known(100)};
	const struct schedule_now unknown = {.jiffies = known(5)};
	const struct schedule future = {
		.arrived_ns = known(6),
		.tick = known(6),
		.watchdog_s = known(6),
	};
	const struct schedule zero = {
		.arrived_ns = known(0),
		.tick = known(0),
		.watchdog_s = known(0),
	};

	assert_age(schedule_task_ran_ns(&future, &early), false, 0);
	assert_age(schedule_tick_age_ns(&future, &early), false, 0);
	assert_age(schedule_watchdog_age_ns(&future, &early), false, 0);
	assert_age(schedule_task_ran_ns(&zero, &now), true, INT64_MAX);
	assert_age(schedule_tick_age_ns(&zero, &now), false, 0);
	assert_age(schedule_watchdog_age_ns(&zero, &now), false, 0);
	assert_age(schedule_tick_age_ns(&zero, &unknown), false, 0);
	assert_age(schedule_task_ran_ns(&zero, &unknown), false, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/kernel/schedule/hz", test_hz);
	g_test_add_func("/kernel/schedule/ages", test_ages);
	g_test_add_func("/kernel/schedule/nonsense", test_nonsense);
	return g_test_run();
}
