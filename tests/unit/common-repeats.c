// SPDX-License-Identifier: GPL-2.0-or-later
/* Progressive collection: which incidents are stored in full, and the records of the others. */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/json_head.h"
#include "common/repeat_rule.h"
#include "common/store_id.h"
#include "common/store_keep.h"
#include "common/store_repeats.h"

#define BUG "0123456789abcdef"
#define OTHER_BUG "fedcba9876543210"
#define KERNEL "6.1.0-56-amd64"
/* 2026-11-22T12:00:00Z */
#define NOON 1795348800

static char *time_text(gint64 at_s, const char *format)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(at_s);

	return g_date_time_format(time, format);
}

/* Adds a stored dump with this time. */
static struct store_entry *add_dump(GPtrArray *entries, gint64 at_s, const char *fingerprint)
{
	struct store_entry *entry = g_new0(struct store_entry, 1);
	g_autofree char *stamp = time_text(at_s, "%Y%m%dT%H%M%SZ");

	entry->id = g_strdup_printf("%s-%u", stamp, STORE_ID_FIRST_NUMBER + entries->len);
	entry->fingerprint = g_strdup(fingerprint);
	entry->release = g_strdup(KERNEL);
	entry->title = g_strdup("a title");
	g_ptr_array_add(entries, entry);
	return entry;
}

static void come_again(struct store_entry *entry, gint64 at_s)
{
	entry->repeats++;
	g_free(entry->repeated);
	entry->repeated = time_text(at_s, "%Y-%m-%dT%H:%M:%S.000000Z");
}

static GPtrArray *no_dumps(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)store_entry_free);
}

/* Returns the index of the dump that records an incident at this time; -1: it is stored in full. */
static int holder(const GPtrArray *entries, gint64 now_s, unsigned int full)
{
	const struct repeat_question question = {BUG, KERNEL, now_s, full};
	const struct store_entry *entry = repeat_rule_holder(entries, &question);
	guint index;

	return entry && g_ptr_array_find((GPtrArray *)entries, entry, &index) ? (int)index : -1;
}

static void test_the_first_few_are_stored_in_full(void)
{
	g_autoptr(GPtrArray) entries = no_dumps();

	for (guint i = 0; i < 3; i++) {
		g_assert_cmpint(holder(entries, NOON + i, 3), ==, -1);
		add_dump(entries, NOON + i, BUG);
	}
	g_assert_cmpint(holder(entries, NOON + 3, 3), ==, 0);
	g_assert_cmpint(holder(entries, NOON + 3, 4), ==, -1);
}

static void test_another_bug_is_stored_in_full_whatever_there_is_of_this_one(void)
{
	g_autoptr(GPtrArray) entries = no_dumps();

	for (guint i = 0; i < 5; i++)
		add_dump(entries, NOON, OTHER_BUG);
	g_assert_cmpint(holder(entries, NOON, 1), ==, -1);
	add_dump(entries, NOON, BUG);
	g_assert_cmpint(holder(entries, NOON, 1), ==, 5);
}

static void test_what_is_not_known_is_stored_in_full(void)
{
	g_autoptr(GPtrArray) entries = no_dumps();
	struct repeat_question question = {NULL, KERNEL, NOON, 1};
	struct store_entry *entry = add_dump(entries, NOON, NULL);

	g_assert_null(repeat_rule_holder(entries, &question));
	question.fingerprint = BUG;
	question.release = NULL;
	entry->fingerprint = g_strdup(BUG);
	g_clear_pointer(&entry->release, g_free);
	g_assert_null(repeat_rule_holder(entries, &question));
	question.release = "another kernel";
	g_assert_null(repeat_rule_holder(entries, &question));
}

static void test_after_a_quiet_time_it_is_stored_in_full_again(void)
{
	g_autoptr(GPtrArray) entries = no_dumps();
	struct store_entry *entry = add_dump(entries, NOON, BUG);

	g_assert_cmpint(holder(entries, NOON + REPEAT_QUIET_S - 1, 1), ==, 0);
	g_assert_cmpint(holder(entries, NOON + REPEAT_QUIET_S, 1), ==, -1);
	/* The quiet time begins at the last occurrence, which is a dump */
	add_dump(entries, NOON + 3000, BUG);
	g_assert_cmpint(holder(entries, NOON + 6000, 2), ==, 0);
	g_ptr_array_remove_index(entries, 1);
	/* or a record. */
	come_again(entry, NOON + 3000);
	come_again(entry, NOON + 6000);
	g_assert_cmpint(holder(entries, NOON + 6000 + REPEAT_QUIET_S - 1, 1), ==, 0);
	g_assert_cmpint(holder(entries, NOON + 6000 + REPEAT_QUIET_S, 1), ==, -1);
}

static void test_a_new_series_has_a_holder_of_its_own(void)
{
	g_autoptr(GPtrArray) entries = no_dumps();
	gint64 later = NOON + 10 * REPEAT_QUIET_S;

	add_dump(entries, NOON, BUG);
	add_dump(entries, NOON + 1, BUG);
	add_dump(entries, later, BUG);
	g_assert_cmpint(holder(entries, later + 1, 2), ==, -1);
	add_dump(entries, later + 1, BUG);
	g_assert_cmpint(holder(entries, later + 2, 2), ==, 2);
}

/* A full dump between light ones: the dumps left out before it were unknown at that time. */
static void test_records_join_the_dumps_before_and_after_them(void)
{
	g_autoptr(GPtrArray) entries = no_dumps();

	add_dump(entries, NOON, BUG);
	add_dump(entries, NOON + 1, BUG);
	for (unsigned int i = 1; i < 10; i++)
		come_again(entries->pdata[0], NOON + i * 3000);
	add_dump(entries, NOON + 29000, BUG);
	g_assert_cmpint(holder(entries, NOON + 29001, 3), ==, 0);
}

static void test_a_clock_that_is_set_hides_nothing(void)
{
	g_autoptr(GPtrArray) entries = no_dumps();

	add_dump(entries, NOON, BUG);
	add_dump(entries, NOON + 1, BUG);
	/* The clock goes back by less than the quiet time: the same series. */
	g_assert_cmpint(holder(entries, NOON - 1800, 2), ==, 0);
	come_again(entries->pdata[0], NOON - 1800);
	g_assert_cmpint(holder(entries, NOON - 3600, 2), ==, 0);
	/*
	 * The clock goes back by more than that, or forward: another series, until the clock
	 * reaches the old time.
	 */
	g_assert_cmpint(holder(entries, NOON - 1800 - REPEAT_QUIET_S, 2), ==, -1);
	g_assert_cmpint(holder(entries, NOON - 365 * 86400, 2), ==, -1);
	g_assert_cmpint(holder(entries, NOON + 365 * 86400, 2), ==, -1);
}

static void test_a_dump_with_records_goes_after_those_without(void)
{
	g_autoptr(GPtrArray) entries = no_dumps();

	for (guint i = 0; i < 5; i++)
		add_dump(entries, NOON + i, BUG);
	come_again(entries->pdata[1], NOON + 10);
	/* Dump 0 is the first one with its title. */
	g_assert_cmpint(store_keep_choose(entries), ==, 2);
}

/* --- the file --- */

static struct store_entry *real_dump(void)
{
	struct store_entry *entry = g_new0(struct store_entry, 1);

	entry->path = g_dir_make_tmp("test-repeats-XXXXXX", NULL);
	return entry;
}

static void remove_dump(struct store_entry *entry)
{
	g_autoptr(GDir) dir = g_dir_open(entry->path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(entry->path, name, NULL);

		g_unlink(path);
	}
	g_rmdir(entry->path);
	store_entry_free(entry);
}

static guint64 add_record(const struct store_entry *entry, gint64 at_s, GError **error)
{
	g_autofree char *time = time_text(at_s, "%Y-%m-%dT%H:%M:%S.000000Z");
	const struct store_repeat repeat = {
		.time = time, .title = "a \"title\"", .cpu = {true, 3}, .signal = "oops"};
	guint64 count = 0;

	return store_repeats_add(entry, &repeat, &count, error) ? count : 0;
}

static char *read_records(const struct store_entry *entry)
{
	g_autofree char *path = g_build_filename(entry->path, STORE_REPEATS_FILE, NULL);
	char *text = NULL;

	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	return text;
}

static void test_a_record_says_when_where_and_what(void)
{
	struct store_entry *entry = real_dump();
	g_autofree char *text = NULL;

	g_assert_cmpuint(add_record(entry, NOON, NULL), ==, 1);
	text = read_records(entry);
	g_assert_cmpstr(text, ==,
			"{\"schema\":1,\"count\":1,\"last\":\"2026-11-22T12:00:00.000000Z\","
			"\"records\":[{\"time\":\"2026-11-22T12:00:00.000000Z\",\"cpu\":3,"
			"\"title\":\"a \\\"title\\\"\",\"signal\":\"oops\",\"phase\":null,"
			"\"not_collected\":0}]}");
	remove_dump(entry);
}

static guint occurrences(const char *text, const char *word)
{
	guint count = 0;

	for (; (text = strstr(text, word)); text++)
		count++;
	return count;
}

static void test_all_are_counted_and_the_first_and_last_are_listed(void)
{
	struct store_entry *entry = real_dump();
	guint num = STORE_REPEATS_LISTED + 50;
	g_autofree char *text = NULL, *last = NULL;
	g_auto(GStrv) values = g_new0(char *, 3);

	for (guint i = 0; i < num; i++)
		g_assert_cmpuint(add_record(entry, NOON + i, NULL), ==, i + 1);
	text = read_records(entry);
	g_assert_cmpuint(occurrences(text, "\"title\""), ==, STORE_REPEATS_LISTED);
	g_assert_nonnull(strstr(text, "\"count\":250,\"last\":\"2026-11-22T12:04:09.000000Z\""));
	g_assert_nonnull(strstr(text, "\"time\":\"2026-11-22T12:00:00.000000Z\""));
	g_assert_nonnull(strstr(text, "\"time\":\"2026-11-22T12:01:39.000000Z\""));
	g_assert_null(strstr(text, "\"time\":\"2026-11-22T12:01:40.000000Z\""));
	g_assert_nonnull(strstr(text, "\"time\":\"2026-11-22T12:02:30.000000Z\""));
	g_assert_cmpuint(strlen(text), <, STORE_REPEATS_MAX_BYTES / 10);
	remove_dump(entry);
}

static void test_a_dump_that_is_gone_or_damaged_takes_no_record(void)
{
	struct store_entry *entry = real_dump();
	g_autofree char *path = g_build_filename(entry->path, STORE_REPEATS_FILE, NULL);
	g_autoptr(GError) error = NULL;

	g_assert_true(g_file_set_contents(path, "{\"count\":5}", -1, NULL));
	g_assert_cmpuint(add_record(entry, NOON, &error), ==, 0);
	g_assert_error(error, STORE_ERROR, STORE_ERROR_DAMAGED);
	g_clear_error(&error);
	g_assert_true(g_file_set_contents(path, "[[[[", -1, NULL));
	g_assert_cmpuint(add_record(entry, NOON, &error), ==, 0);
	g_assert_nonnull(error);
	g_clear_error(&error);
	g_unlink(path);
	g_rmdir(entry->path);
	g_assert_cmpuint(add_record(entry, NOON, &error), ==, 0);
	g_assert_error(error, STORE_ERROR, STORE_ERROR_NOT_FOUND);
	store_entry_free(entry);
}

static void test_what_a_killed_writer_left_is_written_over(void)
{
	struct store_entry *entry = real_dump();
	g_autofree char *left = g_build_filename(entry->path, ".repeats.new", NULL);
	g_autofree char *much = g_strnfill(100000, 'x');

	g_assert_true(g_file_set_contents(left, much, -1, NULL));
	g_assert_cmpuint(add_record(entry, NOON, NULL), ==, 1);
	g_assert_cmpuint(add_record(entry, NOON, NULL), ==, 2);
	g_assert_false(g_file_test(left, G_FILE_TEST_EXISTS));
	remove_dump(entry);
}

/* --- in a store --- */

#define UUID "11111111-1111-4111-8111-111111111111"

static void store_dump(struct store *store, const char *name)
{
	static const char report[] = "{\"schema\":1,\"title\":\"t\",\"fingerprint\":\"" BUG
				     "\",\"guest\":{\"release\":\"" KERNEL "\"}}";
	struct store_dump *dump = store_begin(store, UUID, name, NULL);
	int fd = store_dump_create(dump, "report.json", NULL);

	g_assert_cmpint(write(fd, report, sizeof(report) - 1), ==, sizeof(report) - 1);
	g_assert_true(store_dump_commit(dump, NULL, NULL));
	store_publish(store);
}

static void remove_tree(const char *path)
{
	const char *const argv[] = {"rm", "-rf", path, NULL};

	g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
				   NULL, NULL, NULL));
}

/*
 * Records an incident in the way of a collection; returns the id of the dump that has the record
 * now.
 */
static char *record(struct store *store)
{
	const struct repeat_question question = {BUG, KERNEL, g_get_real_time() / G_USEC_PER_SEC,
						 2};
	g_autoptr(GPtrArray) entries = store_list(store, UUID, NULL);
	const struct store_entry *entry = repeat_rule_holder(entries, &question);

	g_assert_nonnull(entry);
	g_assert_cmpuint(add_record(entry, question.now_s, NULL), >, 0);
	store_publish(store);
	return g_strdup(entry->id);
}

static void test_a_restart_and_another_name_change_nothing(void)
{
	g_autofree char *root = g_dir_make_tmp("test-repeats-XXXXXX", NULL);
	g_autoptr(Store) store = store_new(root);
	g_autoptr(Store) of_the_next_daemon = store_new(root);
	g_autoptr(GPtrArray) entries = NULL;
	g_autofree char *first = NULL, *second = NULL;
	const struct store_entry *entry;

	store_dump(store, "web1");
	store_dump(store, "web1");
	first = record(store);
	g_assert_true(store_rename(store, UUID, "web2", NULL));
	second = record(of_the_next_daemon);
	g_assert_cmpstr(first, ==, second);
	/* A process that has read the store earlier also sees the record. */
	entries = store_list(store, "web2", NULL);
	g_assert_cmpuint(entries->len, ==, 2);
	entry = entries->pdata[0];
	g_assert_cmpstr(entry->id, ==, first);
	g_assert_cmpuint(entry->repeats, ==, 2);
	g_assert_nonnull(entry->repeated);
	remove_tree(root);
}

static void test_a_storage_pool_shows_the_records_that_there_are(void)
{
	g_autofree char *root = g_dir_make_tmp("test-repeats-XXXXXX", NULL);
	g_autoptr(Store) store = store_new(root);
	g_autofree char *id = NULL, *again = NULL, *path = NULL, *index = NULL;
	g_autofree char *text = NULL, *list = NULL;

	store_dump(store, "web1");
	store_dump(store, "web1");
	id = record(store);
	again = record(store);
	path = g_strdup_printf("%s/.pool/%s." STORE_REPEATS_FILE, root, id);
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_assert_nonnull(strstr(text, "\"count\":2,"));
	index = g_build_filename(root, ".pool", "index.json", NULL);
	g_assert_true(g_file_get_contents(index, &list, NULL, NULL));
	g_assert_nonnull(strstr(list, "\"repeats\":2,\"repeated\":\"2"));
	g_assert_nonnull(strstr(list, "\"repeats\":0,\"repeated\":null"));
	remove_tree(root);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/repeats/the first incidents of a bug are stored in full",
			test_the_first_few_are_stored_in_full);
	g_test_add_func("/repeats/another bug is stored in full",
			test_another_bug_is_stored_in_full_whatever_there_is_of_this_one);
	g_test_add_func("/repeats/an incident without a fingerprint is stored in full",
			test_what_is_not_known_is_stored_in_full);
	g_test_add_func("/repeats/an incident after a quiet time is stored in full again",
			test_after_a_quiet_time_it_is_stored_in_full_again);
	g_test_add_func("/repeats/a new series has its records in a dump of its own",
			test_a_new_series_has_a_holder_of_its_own);
	g_test_add_func("/repeats/records join the dumps before and after them",
			test_records_join_the_dumps_before_and_after_them);
	g_test_add_func("/repeats/a changed clock hides no incident",
			test_a_clock_that_is_set_hides_nothing);
	g_test_add_func("/repeats/a dump with records is removed after those without",
			test_a_dump_with_records_goes_after_those_without);
	g_test_add_func("/repeats/a record has time, place and kind of the incident",
			test_a_record_says_when_where_and_what);
	g_test_add_func("/repeats/all records are counted, the first and the last are listed",
			test_all_are_counted_and_the_first_and_last_are_listed);
	g_test_add_func("/repeats/a removed or damaged dump gets no record",
			test_a_dump_that_is_gone_or_damaged_takes_no_record);
	g_test_add_func("/repeats/the next writer overwrites an incomplete record",
			test_what_a_killed_writer_left_is_written_over);
	g_test_add_func("/repeats/a restart and a new name of the domain do not split a series",
			test_a_restart_and_another_name_change_nothing);
	g_test_add_func("/repeats/a storage pool shows the existing records",
			test_a_storage_pool_shows_the_records_that_there_are);
	return g_test_run();
}
