/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of QEMU's events are those of a freeze. */
#include "daemon/pauses.h"

#define UUID "3333123d-105b-4e48-9f59-59714254336a"

static void assert_times(struct pauses *pauses, gint64 expected_stop_us, gint64 expected_resume_us)
{
	gint64 stop_us, resume_us;

	pauses_get(pauses, UUID, 0, &stop_us, &resume_us);
	g_assert_cmpint(stop_us, ==, expected_stop_us);
	g_assert_cmpint(resume_us, ==, expected_resume_us);
}

static void test_first_pause(void)
{
	struct pauses *pauses = pauses_new();
	gint64 now = g_get_real_time();

	pauses_note(pauses, UUID, true, now);
	assert_times(pauses, 0, 0);
	pauses_follow(pauses, UUID, now, NULL, NULL);
	/* The end of a pause whose beginning was not heard. */
	pauses_note(pauses, UUID, false, now);
	assert_times(pauses, 0, 0);
	pauses_note(pauses, "another", true, now);
	assert_times(pauses, 0, 0);
	pauses_note(pauses, UUID, true, now + 10);
	pauses_own(pauses, UUID, now + 15);
	pauses_note(pauses, UUID, false, now + 20);
	pauses_note(pauses, UUID, true, now + 30);
	pauses_note(pauses, UUID, false, now + 40);
	assert_times(pauses, now + 10, now + 20);
	pauses_forget(pauses, UUID);
	assert_times(pauses, 0, 0);
	pauses_unref(pauses);
}

/* Events of an earlier pause may come late. */
static void test_late_events(void)
{
	struct pauses *pauses = pauses_new();
	gint64 now = g_get_real_time();

	pauses_follow(pauses, UUID, now, NULL, NULL);
	pauses_note(pauses, UUID, true, now - 2);
	pauses_note(pauses, UUID, false, now - 1);
	assert_times(pauses, 0, 0);
	pauses_unref(pauses);
}

/*
 * A pause by somebody else that is over, +10 to +20, and then the caller's, +30 to +50, with the
 * answer at +40. @num_early: the number of events that come before the answer.
 */
static void check_pause_by_others(unsigned int num_early)
{
	static const struct {
		bool stopped;
		gint64 after_us;
	} events[] = {{true, 10}, {false, 20}, {true, 30}, {false, 50}};
	struct pauses *pauses = pauses_new();
	gint64 now = g_get_real_time();

	pauses_follow(pauses, UUID, now, NULL, NULL);
	for (unsigned int i = 0; i < G_N_ELEMENTS(events); i++) {
		if (i == num_early)
			pauses_own(pauses, UUID, now + 40);
		if (i == 3)
			assert_times(pauses, now + 30, 0);
		pauses_note(pauses, UUID, events[i].stopped, now + events[i].after_us);
	}
	assert_times(pauses, now + 30, now + 50);
	pauses_unref(pauses);
}

static void test_pause_by_others(void)
{
	for (unsigned int num_early = 0; num_early <= 3; num_early++)
		check_pause_by_others(num_early);
}

/* As when the clock is set back. */
static void test_resume_before_answer(void)
{
	struct pauses *pauses = pauses_new();
	gint64 now = g_get_real_time();

	pauses_follow(pauses, UUID, now, NULL, NULL);
	pauses_note(pauses, UUID, true, now + 10);
	pauses_note(pauses, UUID, false, now + 20);
	pauses_own(pauses, UUID, now + 5);
	assert_times(pauses, 0, 0);
	pauses_unref(pauses);
}

static void count(void *user_data)
{
	(*(int *)user_data)++;
}

static void test_migration(void)
{
	struct pauses *pauses = pauses_new();
	int told = 0;

	pauses_note_migration(pauses, UUID);
	pauses_follow(pauses, UUID, 0, count, &told);
	pauses_note_migration(pauses, "another");
	g_assert_cmpint(told, ==, 0);
	pauses_note_migration(pauses, UUID);
	g_assert_cmpint(told, ==, 1);
	pauses_forget(pauses, UUID);
	pauses_note_migration(pauses, UUID);
	g_assert_cmpint(told, ==, 1);
	pauses_unref(pauses);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/the first pause since a domain is followed counts", test_first_pause);
	g_test_add_func("/events of an earlier pause do not count", test_late_events);
	g_test_add_func("/a pause by others that was over before the answer does not count",
			test_pause_by_others);
	g_test_add_func("/a resume that is noted before the answer does not count",
			test_resume_before_answer);
	g_test_add_func("/a freeze is told of the migration of its own domain", test_migration);
	return g_test_run();
}
