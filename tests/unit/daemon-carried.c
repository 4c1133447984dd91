/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A migration or save that begins during a freeze. The domain is one of libvirt's test driver;
 * functions of this file stand for its job.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "daemon/freeze.h"
#include "freeze-guard/thaw.h"
#include "fake_guard.h"

#define BUDGET_MS 60000

/* Protected by the mutex. */
static int operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN; /* of the job */
static bool looked;					 /* at this job */

int virDomainGetJobStats(virDomainPtr domain G_GNUC_UNUSED, int *type, virTypedParameterPtr *params,
			 int *num_params, unsigned int flags G_GNUC_UNUSED)
{
	int max_params = 0;

	g_mutex_lock(&fake_mutex);
	*type = operation == VIR_DOMAIN_JOB_OPERATION_UNKNOWN ? VIR_DOMAIN_JOB_NONE
							      : VIR_DOMAIN_JOB_UNBOUNDED;
	virTypedParamsAddInt(params, num_params, &max_params, VIR_DOMAIN_JOB_OPERATION, operation);
	looked = operation != VIR_DOMAIN_JOB_OPERATION_UNKNOWN;
	g_cond_broadcast(&fake_changed);
	g_mutex_unlock(&fake_mutex);
	return 0;
}

struct fixture {
	char *directory;
	virConnectPtr connection;
	virDomainPtr domain;
	char uuid[VIR_UUID_STRING_BUFLEN];
	struct pauses *pauses;
	struct freeze *freeze;
};

/* The guest is frozen. */
static void set_up(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	struct freeze_plan plan = {.budget_ms = BUDGET_MS, .deadline_ms = BUDGET_MS};

	operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN;
	looked = false;
	memset(fake_guard_told, 0, sizeof(fake_guard_told));
	fixture->directory = g_dir_make_tmp("oopsbt-carried-XXXXXX", NULL);
	fixture->connection = virConnectOpen("test:///default");
	fixture->domain = virDomainLookupByName(fixture->connection, "test");
	g_assert_nonnull(fixture->domain);
	virDomainGetUUIDString(fixture->domain, fixture->uuid);
	fixture->pauses = pauses_new();
	plan.domain = fixture->domain;
	plan.pauses = fixture->pauses;
	plan.runtime_directory = fixture->directory;
	fixture->freeze = freeze_begin(&plan);
	freeze_go(fixture->freeze);
	g_assert_cmpint(freeze_wait(fixture->freeze, NULL), ==, FREEZE_FROZEN);
}

static void tear_down(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	g_autofree char *frozen = g_build_filename(fixture->directory, "frozen", NULL);
	g_autofree char *record = g_build_filename(frozen, fixture->uuid, NULL);

	virDomainFree(fixture->domain);
	virConnectClose(fixture->connection);
	pauses_unref(fixture->pauses);
	g_unlink(record);
	g_assert_cmpint(g_rmdir(frozen), ==, 0);
	g_assert_cmpint(g_rmdir(fixture->directory), ==, 0);
	g_free(fixture->directory);
}

static void begin_job(struct fixture *fixture, int job)
{
	g_mutex_lock(&fake_mutex);
	operation = job;
	g_mutex_unlock(&fake_mutex);
	pauses_note_migration(fixture->pauses, fixture->uuid);
}

static enum freeze_end end_of(struct freeze *freeze)
{
	g_autoptr(GError) error = NULL;
	struct freeze_times times;

	g_assert_true(freeze_thaw(freeze, true, &times, &error));
	g_assert_no_error(error);
	g_assert_false(times.budget_exceeded);
	freeze_end(freeze);
	return times.end;
}

static void test_migration(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	begin_job(fixture, VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT);
	fake_wait_for(&fake_guard_told[FREEZE_EVENT_GIVEN]);
	g_assert_cmpint(end_of(fixture->freeze), ==, FREEZE_END_MIGRATION);
	g_assert_cmpint(virDomainResume(fixture->domain), ==, 0); /* nobody else has */
}

static void test_save(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	begin_job(fixture, VIR_DOMAIN_JOB_OPERATION_SAVE);
	fake_wait_for(&looked);
	g_assert_cmpint(end_of(fixture->freeze), ==, FREEZE_END_OURS);
	g_assert_false(fake_guard_told[FREEZE_EVENT_GIVEN]);
}

static void test_gone(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	g_autoptr(GError) error = NULL;
	const char *ended = NULL, *left = NULL;

	g_assert_cmpint(freeze_thaw_try(fixture->connection, "11111111-105b-4e48-9f59-59714254336a",
					1, &ended, &left, &error),
			==, FREEZE_EVENT_GONE);
	g_assert_null(ended);
	g_assert_nonnull(strstr(left, "if it migrated"));
	g_assert_cmpint(end_of(fixture->freeze), ==, FREEZE_END_OURS);
}

static void ignore_error(void *user_data G_GNUC_UNUSED, virErrorPtr error G_GNUC_UNUSED)
{
}

static void add(const char *path, void (*test)(struct fixture *fixture, gconstpointer data))
{
	g_test_add(path, struct fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	virSetErrorFunc(NULL, ignore_error);
	add("/a migration that begins during the freeze ends it at once", test_migration);
	add("/a save that begins during the freeze leaves it alone", test_save);
	add("/the guard says where a guest may be paused whose domain is gone", test_gone);
	return g_test_run();
}
