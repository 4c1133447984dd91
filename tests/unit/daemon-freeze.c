/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The states of a freeze, and its record: the owner of the record, and an owner that lives, is late
 * or is gone.
 */
#include <dlfcn.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "freeze-guard/record.h"
#include "freeze-guard/state.h"

#define UUID "3333123d-105b-4e48-9f59-59714254336a"

/* --- states --- */

static enum freeze_state walk(enum freeze_actor actor, const enum freeze_event *events, size_t num)
{
	enum freeze_state state = FREEZE_STATE_NEW;

	for (size_t i = 0; i < num; i++)
		g_assert_true(freeze_next(actor, &state, events[i]));
	return state;
}

static void test_usual_way(void)
{
	static const enum freeze_event daemon[] = {
		FREEZE_EVENT_ANNOUNCED, FREEZE_EVENT_GO,      FREEZE_EVENT_ANSWERED,
		FREEZE_EVENT_THAW,	FREEZE_EVENT_RESUMED,
	};
	static const enum freeze_event guard[] = {
		FREEZE_EVENT_ANNOUNCED,
		FREEZE_EVENT_ANSWERED,
		FREEZE_EVENT_RESUMING,
		FREEZE_EVENT_ENDED,
	};

	g_assert_cmpint(walk(FREEZE_DAEMON, daemon, G_N_ELEMENTS(daemon)), ==, FREEZE_STATE_OVER);
	g_assert_cmpint(walk(FREEZE_GUARD, guard, G_N_ELEMENTS(guard)), ==, FREEZE_STATE_OVER);
}

static void test_hung_owner(void)
{
	static const enum freeze_event frozen[] = {
		FREEZE_EVENT_ANNOUNCED,
		FREEZE_EVENT_ANSWERED,
		FREEZE_EVENT_DUE,
	};
	/* What is resumed while the answer is awaited may have been an administrator's pause. */
	static const enum freeze_event suspending[] = {
		FREEZE_EVENT_ANNOUNCED,
		FREEZE_EVENT_DUE,
		FREEZE_EVENT_RESUMED,
	};

	g_assert_cmpint(walk(FREEZE_GUARD, frozen, G_N_ELEMENTS(frozen)), ==, FREEZE_STATE_THAWING);
	g_assert_cmpint(walk(FREEZE_GUARD, suspending, G_N_ELEMENTS(suspending)), ==,
			FREEZE_STATE_LATE);
}

static void test_no_end_without_answer(void)
{
	static const enum freeze_event seen[] = {
		FREEZE_EVENT_RUNS,
		FREEZE_EVENT_RESUMED,
		FREEZE_EVENT_OTHERS,
		FREEZE_EVENT_FAILED,
	};
	enum freeze_state state = FREEZE_STATE_UNSETTLED;

	for (size_t i = 0; i < G_N_ELEMENTS(seen); i++) {
		g_assert_true(freeze_next(FREEZE_GUARD, &state, seen[i]));
		g_assert_cmpint(state, ==, FREEZE_STATE_UNSETTLED);
	}
	/* Every failed thaw is repeated. */
	state = FREEZE_STATE_THAWING;
	g_assert_true(freeze_next(FREEZE_GUARD, &state, FREEZE_EVENT_FAILED));
	g_assert_cmpint(state, ==, FREEZE_STATE_THAWING);
}

static void test_ends_are_ends(void)
{
	for (int event = 0; event < FREEZE_NUM_EVENTS; event++) {
		for (int actor = FREEZE_DAEMON; actor <= FREEZE_GUARD; actor++) {
			enum freeze_state over = FREEZE_STATE_OVER, given = FREEZE_STATE_GIVEN;

			g_assert_false(freeze_next(actor, &over, event));
			g_assert_false(freeze_next(actor, &given, event));
		}
	}
}

/* --- records --- */

static char *directory;

static struct freeze_record *claim(enum freeze_state state)
{
	g_autoptr(GError) error = NULL;
	struct freeze_record *record = freeze_record_new(directory, UUID, 7, "test:///x y", &error);

	g_assert_no_error(error);
	if (state != FREEZE_STATE_NEW)
		g_assert_true(freeze_record_set(record, state, NULL));
	return record;
}

/* A process claims a record and is killed. */
static void claim_and_die(enum freeze_state state)
{
	pid_t child = fork();

	if (child == 0) {
		claim(state);
		raise(SIGKILL);
	}
	g_assert_cmpint(child, >, 0);
	g_assert_cmpint(waitpid(child, NULL, 0), ==, child);
}

static bool exists(void)
{
	g_autofree char *path = g_build_filename(directory, "frozen", UUID, NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

static unsigned int num_orphans(void)
{
	g_autoptr(GPtrArray) orphans = freeze_record_take_orphans(directory);

	return orphans->len;
}

static void test_one_at_a_time(void)
{
	g_autoptr(FreezeRecord) first = claim(FREEZE_STATE_SUSPENDING);
	g_autoptr(GError) error = NULL;

	g_assert_null(freeze_record_new(directory, UUID, 7, NULL, &error));
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
	g_assert_true(freeze_record_is_ours(first));
	g_assert_cmpuint(num_orphans(), ==, 0);
	freeze_record_remove(first);
	g_assert_false(exists());
}

static void test_left_behind(void)
{
	g_autoptr(GPtrArray) orphans = NULL;
	struct freeze_record *record;

	claim_and_die(FREEZE_STATE_FROZEN);
	orphans = freeze_record_take_orphans(directory);
	g_assert_cmpuint(orphans->len, ==, 1);
	record = orphans->pdata[0];
	g_assert_cmpstr(record->uuid, ==, UUID);
	g_assert_cmpstr(record->uri, ==, "test:///x y");
	g_assert_cmpint(record->domain_id, ==, 7);
	g_assert_cmpint(record->state, ==, FREEZE_STATE_FROZEN);
	/* The record has an owner now. */
	g_assert_cmpuint(num_orphans(), ==, 0);
	freeze_record_remove(record);
	g_assert_false(exists());
}

static void test_claim_left_behind(void)
{
	claim_and_die(FREEZE_STATE_NEW);
	g_assert_cmpuint(num_orphans(), ==, 0);
	g_assert_false(exists());
}

/* Removed, with the lock, by an owner that ends well. */
static const char *removed_before_lock;

int flock(int fd, int operation)
{
	int (*real)(int, int) = dlsym(RTLD_NEXT, "flock");

	if (removed_before_lock)
		unlink(removed_before_lock);
	return real(fd, operation);
}

static void test_ends_while_looked_at(void)
{
	g_autofree char *path = g_build_filename(directory, "frozen", UUID, NULL);

	claim_and_die(FREEZE_STATE_FROZEN);
	removed_before_lock = path;
	g_assert_cmpuint(num_orphans(), ==, 0);
	removed_before_lock = NULL;
	g_assert_false(exists());
}

static void test_other_boot(void)
{
	g_autofree char *path = g_build_filename(directory, "frozen", UUID, NULL);

	g_assert_true(g_file_set_contents(
		path, "F 2 00000000-0000-4000-8000-000000000000 7 abc qemu:///system\n", -1, NULL));
	g_assert_cmpuint(num_orphans(), ==, 0);
	g_assert_false(exists());
}

static void test_taken_from_one_that_is_late(void)
{
	g_autoptr(FreezeRecord) owner = claim(FREEZE_STATE_SUSPENDING);
	g_autoptr(FreezeRecord) guard = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_null(freeze_record_take(directory, UUID, owner->token + 1, false, &error));
	g_assert_no_error(error);
	guard = freeze_record_take(directory, UUID, owner->token, false, &error);
	g_assert_no_error(error);
	g_assert_nonnull(guard);
	g_assert_false(freeze_record_is_ours(owner));
	g_assert_true(freeze_record_is_ours(guard));
	freeze_record_remove(owner); /* it does not own the record any more */
	g_assert_true(exists());
	freeze_record_remove(guard);
	g_assert_false(exists());
}

static void test_taken_from_one_that_is_gone(void)
{
	g_autoptr(FreezeRecord) owner = claim(FREEZE_STATE_FROZEN);
	uint64_t token = owner->token;
	g_autoptr(FreezeRecord) guard = NULL;
	g_autoptr(GError) error = NULL;

	/* The holder of the lock is alive, so another process has taken the record. */
	g_assert_null(freeze_record_take(directory, UUID, token, true, &error));
	g_assert_no_error(error);
	freeze_record_free(g_steal_pointer(&owner));
	guard = freeze_record_take(directory, UUID, token, true, &error);
	g_assert_no_error(error);
	g_assert_nonnull(guard);
	freeze_record_remove(guard);
}

int main(int argc, char **argv)
{
	g_autofree char *folder = NULL;
	int status;

	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/a normal freeze ends without pending work", test_usual_way);
	g_test_add_func("/the guard resumes the guest of an owner that hangs", test_hung_owner);
	g_test_add_func("/a suspend call without an answer is not forgotten",
			test_no_end_without_answer);
	g_test_add_func("/a final state has no transition", test_ends_are_ends);
	g_test_add_func("/only one process at a time can claim a domain", test_one_at_a_time);
	g_test_add_func("/the record of a killed process is found", test_left_behind);
	g_test_add_func("/a claim without a suspend call needs no thaw", test_claim_left_behind);
	g_test_add_func("/a freeze that ends while its record is read is not resumed",
			test_ends_while_looked_at);
	g_test_add_func("/a record of another boot is removed", test_other_boot);
	g_test_add_func("/the guard takes the record of a late owner",
			test_taken_from_one_that_is_late);
	g_test_add_func("/the record of a dead owner is taken only once",
			test_taken_from_one_that_is_gone);
	directory = g_dir_make_tmp("oopsbt-freeze-XXXXXX", NULL);
	folder = g_build_filename(directory, "frozen", NULL);
	status = g_test_run();
	g_rmdir(folder);
	g_rmdir(directory);
	return status;
}
