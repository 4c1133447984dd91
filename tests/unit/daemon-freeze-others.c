/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Somebody else pauses and resumes the domain around a freeze. The domain is one of libvirt's test
 * driver; functions of this file stand for QEMU's events.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "daemon/freeze.h"
#include "fake_guard.h"
#include "interpose.h"

#define BUDGET_MS 60000

/* What somebody else does while libvirtd has the suspend call. */
enum others {
	OTHERS_NOTHING,
	OTHERS_PAUSE_BEFORE,  /* a pause that is over before it is this call's turn */
	OTHERS_HOLD_BEFORE,   /* a later freeze follows a pause by QEMU, which the suspend ends */
	OTHERS_RESUME_BEHIND, /* resumes the guest before the answer arrives */
};

/* How QEMU's events come. */
enum events {
	EVENTS_AT_ONCE,
	EVENTS_LATE, /* after the answer */
	EVENTS_LOST,
};

/* Protected by the mutex. */
static bool called;    /* the suspend call has begun */
static bool may_begin; /* it is its turn */

static enum others others;
static enum events events;
static struct pauses *pauses;
static char uuid[VIR_UUID_STRING_BUFLEN];
static GArray *late_events; /* of struct event */

struct event {
	bool stopped;
	gint64 time_us;
};

static void deliver(const struct event *event)
{
	pauses_note(pauses, uuid, event->stopped, event->time_us);
}

static void send_event(bool stopped)
{
	struct event event = {stopped, g_get_real_time()};

	if (events == EVENTS_AT_ONCE)
		deliver(&event);
	else if (events == EVENTS_LATE)
		g_array_append_val(late_events, event);
	g_usleep(1); /* no two events have the same time */
}

static void deliver_late_events(void)
{
	for (guint i = 0; i < late_events->len; i++)
		deliver(&g_array_index(late_events, struct event, i));
	g_array_set_size(late_events, 0);
}

int virDomainSuspend(virDomainPtr domain)
{
	int result;

	g_mutex_lock(&fake_mutex);
	called = true;
	g_cond_broadcast(&fake_changed);
	while (!may_begin)
		g_cond_wait(&fake_changed, &fake_mutex);
	g_mutex_unlock(&fake_mutex);
	if (others == OTHERS_PAUSE_BEFORE) {
		send_event(true);
		send_event(false);
	}
	if (others == OTHERS_HOLD_BEFORE) {
		gint64 now = g_get_real_time();

		pauses_follow(pauses, uuid, now, NULL, NULL);
		pauses_note(pauses, uuid, true, now);
		pauses_own(pauses, uuid, now);
		g_usleep(1);
		send_event(false);
	}
	result = REAL(virDomainSuspend)(domain);
	send_event(true);
	if (others == OTHERS_RESUME_BEHIND)
		virDomainResume(domain);
	return result;
}

int virDomainResume(virDomainPtr domain)
{
	int result = REAL(virDomainResume)(domain);

	if (result == 0)
		send_event(false);
	return result;
}

static int state_of(virDomainPtr domain)
{
	int state = -1;

	virDomainGetState(domain, &state, NULL, 0);
	return state;
}

/* QEMU's run state. */
int virDomainQemuMonitorCommand(virDomainPtr domain, const char *command G_GNUC_UNUSED,
				char **result, unsigned int flags G_GNUC_UNUSED)
{
	*result = g_strdup_printf("{\"return\": {\"status\": \"%s\"}}",
				  state_of(domain) == VIR_DOMAIN_PAUSED ? "paused" : "running");
	return 0;
}

/* --- */

struct fixture {
	char *directory;
	virConnectPtr connection;
	virDomainPtr domain;
	struct freeze *freeze;
};

static void set_up(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	others = OTHERS_NOTHING;
	events = EVENTS_AT_ONCE;
	called = false;
	memset(fake_guard_told, 0, sizeof(fake_guard_told));
	may_begin = true;
	late_events = g_array_new(FALSE, FALSE, sizeof(struct event));
	pauses = pauses_new();
	fixture->directory = g_dir_make_tmp("oopsbt-others-XXXXXX", NULL);
	fixture->connection = virConnectOpen("test:///default");
	fixture->domain = virDomainLookupByName(fixture->connection, "test");
	g_assert_nonnull(fixture->domain);
	virDomainGetUUIDString(fixture->domain, uuid);
}

static void tear_down(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	g_autofree char *frozen = g_build_filename(fixture->directory, "frozen", NULL);

	if (state_of(fixture->domain) == VIR_DOMAIN_PAUSED)
		REAL(virDomainResume)(fixture->domain);
	virDomainFree(fixture->domain);
	virConnectClose(fixture->connection);
	pauses_unref(pauses);
	g_array_unref(late_events);
	/* No record is left. */
	g_assert_cmpint(g_rmdir(frozen), ==, 0);
	g_assert_cmpint(g_rmdir(fixture->directory), ==, 0);
	g_free(fixture->directory);
}

static void begin(struct fixture *fixture, unsigned int deadline_ms)
{
	const struct freeze_plan plan = {
		.domain = fixture->domain,
		.pauses = pauses,
		.runtime_directory = fixture->directory,
		.budget_ms = BUDGET_MS,
		.deadline_ms = deadline_ms,
	};

	fixture->freeze = freeze_begin(&plan);
	freeze_go(fixture->freeze);
}

static void freeze_it(struct fixture *fixture)
{
	begin(fixture, BUDGET_MS);
	g_assert_cmpint(freeze_wait(fixture->freeze, NULL), ==, FREEZE_FROZEN);
	deliver_late_events();
}

static struct freeze_times thaw_it(struct fixture *fixture)
{
	g_autoptr(GError) error = NULL;
	struct freeze_times times;

	g_assert_true(freeze_thaw(fixture->freeze, false, &times, &error));
	g_assert_no_error(error);
	freeze_end(fixture->freeze);
	return times;
}

static void assert_resumed(struct fixture *fixture)
{
	struct freeze_times times = thaw_it(fixture);

	g_assert_cmpint(times.end, ==, FREEZE_END_OURS);
	g_assert_cmpint(times.thawed_us, !=, 0);
	g_assert_cmpint(state_of(fixture->domain), ==, VIR_DOMAIN_RUNNING);
}

static void test_pause_before(struct fixture *fixture, gconstpointer data)
{
	others = OTHERS_PAUSE_BEFORE;
	events = GPOINTER_TO_INT(data);
	freeze_it(fixture);
	assert_resumed(fixture);
}

/* Nobody waits for this freeze any more. */
static void test_pause_before_late_call(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	others = OTHERS_PAUSE_BEFORE;
	may_begin = false;
	begin(fixture, 1);
	fake_wait_for(&called);
	g_assert_cmpint(freeze_wait(fixture->freeze, NULL), ==, FREEZE_FAILED);
	freeze_end(fixture->freeze);
	g_mutex_lock(&fake_mutex);
	may_begin = true;
	g_cond_broadcast(&fake_changed);
	g_mutex_unlock(&fake_mutex);
	fake_wait_for(&fake_guard_told[FREEZE_EVENT_ENDED]);
	g_assert_cmpint(state_of(fixture->domain), ==, VIR_DOMAIN_RUNNING);
}

static void test_hold_before(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	others = OTHERS_HOLD_BEFORE;
	freeze_it(fixture);
	assert_resumed(fixture);
}

static void test_resumed(struct fixture *fixture, gconstpointer data)
{
	events = GPOINTER_TO_INT(data);
	freeze_it(fixture);
	virDomainResume(fixture->domain);
	g_assert_cmpint(thaw_it(fixture).end, ==, FREEZE_END_RUNS);
	g_assert_cmpint(state_of(fixture->domain), ==, VIR_DOMAIN_RUNNING);
}

static void test_resumed_before_answer(struct fixture *fixture, gconstpointer data)
{
	others = OTHERS_RESUME_BEHIND;
	events = GPOINTER_TO_INT(data);
	freeze_it(fixture);
	g_assert_cmpint(thaw_it(fixture).end, ==, FREEZE_END_RUNS);
	g_assert_cmpint(state_of(fixture->domain), ==, VIR_DOMAIN_RUNNING);
}

static void test_suspended_again(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	others = OTHERS_PAUSE_BEFORE;
	freeze_it(fixture);
	others = OTHERS_NOTHING;
	virDomainResume(fixture->domain);
	virDomainSuspend(fixture->domain);
	g_assert_cmpint(thaw_it(fixture).end, ==, FREEZE_END_OTHERS);
	g_assert_cmpint(state_of(fixture->domain), ==, VIR_DOMAIN_PAUSED);
}

static void ignore_error(void *user_data G_GNUC_UNUSED, virErrorPtr error G_GNUC_UNUSED)
{
}

static void add(const char *path, enum events how,
		void (*test)(struct fixture *fixture, gconstpointer data))
{
	g_test_add(path, struct fixture, GINT_TO_POINTER(how), set_up, test, tear_down);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	virSetErrorFunc(NULL, ignore_error);
	add("/a pause by others that ends before the suspend call's turn does not end the freeze",
	    EVENTS_AT_ONCE, test_pause_before);
	add("/the same, and its events arrive after the answer", EVENTS_LATE, test_pause_before);
	add("/the same, and its events are lost", EVENTS_LOST, test_pause_before);
	add("/the end of QEMU's pause for a later freeze does not end an earlier one",
	    EVENTS_AT_ONCE, test_hold_before);
	add("/a suspend call that is given up, with a pause by others before its turn, is undone",
	    EVENTS_AT_ONCE, test_pause_before_late_call);
	add("/a guest that somebody resumes during the freeze runs", EVENTS_AT_ONCE, test_resumed);
	add("/the same without events", EVENTS_LOST, test_resumed);
	add("/a guest that somebody resumes before the answer arrives runs", EVENTS_AT_ONCE,
	    test_resumed_before_answer);
	add("/a resume before the answer whose event comes later", EVENTS_LATE,
	    test_resumed_before_answer);
	add("/a guest that somebody resumed and suspended again is left suspended", EVENTS_AT_ONCE,
	    test_suspended_again);
	return g_test_run();
}
