/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a long-running process knows of a store: each change is noticed, whoever made it, and what
 * has not changed is not looked at again.
 *
 * Functions of the same names in this file count the calls; the libraries use them as well. The
 * clock is an hour ahead where the files must look old.
 */
#include <dirent.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/store.h"
#include "common/store_pool.h"
#include "common/store_repeats.h"
#include "interpose.h"

#define HOUR 3600

static int calls; /* for files; atomic, as the next */
static int names; /* read from directories */
static time_t ahead_s;
static bool counts_seconds; /* the file system does */

/* Defines @name(@parameters), which is counted and calls the original with @arguments. */
#define COUNT(name, parameters, arguments)                                                         \
	int name parameters                                                                        \
	{                                                                                          \
		g_atomic_int_inc(&calls);                                                          \
		return REAL(name) arguments;                                                       \
	}

COUNT(stat, (const char *path, struct stat *info), (path, info))
COUNT(lstat, (const char *path, struct stat *info), (path, info))
COUNT(faccessat, (int dir, const char *path, int mode, int flags), (dir, path, mode, flags))
COUNT(link, (const char *from, const char *to), (from, to))
COUNT(unlink, (const char *path), (path))
COUNT(unlinkat, (int dir, const char *path, int flags), (dir, path, flags))
COUNT(rename, (const char *from, const char *to), (from, to))

static int round_times(int status, struct stat *info)
{
	if (status == 0 && counts_seconds)
		info->st_ctim.tv_nsec = info->st_mtim.tv_nsec = 0;
	return status;
}

int fstatat(int dir, const char *path, struct stat *info, int flags)
{
	g_atomic_int_inc(&calls);
	return round_times(REAL(fstatat)(dir, path, info, flags), info);
}

int fstat(int fd, struct stat *info)
{
	return round_times(REAL(fstat)(fd, info), info);
}

static bool count_call(void)
{
	g_atomic_int_inc(&calls);
	return false;
}

INTERPOSE_OPEN(openat, (int dir, const char *path, int flags, ...), count_call(), dir, path, flags)
INTERPOSE_OPEN(open, (const char *path, int flags, ...), count_call(), path, flags)

/* Changes follow each other faster than with a disk. */
int fsync(int fd G_GNUC_UNUSED)
{
	return 0;
}

DIR *opendir(const char *path)
{
	DIR *(*real)(const char *path) = dlsym(RTLD_NEXT, "opendir");

	g_atomic_int_inc(&calls);
	return real(path);
}

struct dirent *readdir(DIR *dir)
{
	struct dirent *(*real)(DIR * dir) = dlsym(RTLD_NEXT, "readdir");

	g_atomic_int_inc(&names);
	return real(dir);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int status = REAL(clock_gettime)(clock, now);

	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
		now->tv_sec += ahead_s;
	return status;
}

/* --- a store --- */

struct fixture {
	char *root;
	struct store *store; /* of the process that knows it */
};

static void set_up(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	fixture->root = g_dir_make_tmp("test-catalogue-XXXXXX", NULL);
	fixture->store = store_new(fixture->root);
	ahead_s = 0;
	counts_seconds = false;
}

static void tear_down(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	const char *const argv[] = {"rm", "-rf", fixture->root, NULL};

	store_free(fixture->store);
	g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
				   NULL, NULL, NULL));
	g_free(fixture->root);
}

static char *uuid_of(unsigned int domain)
{
	return g_strdup_printf("11111111-1111-4111-8111-%012u", domain);
}

static void fill(struct store_dump *dump, const char *title)
{
	static const char *const files[] = {"report.txt", "core", "report.json"};
	g_autofree char *json = g_strdup_printf("{\"schema\":1,\"title\":\"%s\"}", title);

	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		int fd = store_dump_create(dump, files[i], NULL);

		g_assert_cmpint(write(fd, json, strlen(json)), ==, (ssize_t)strlen(json));
	}
}

/* Returns the id. */
static char *add(struct store *store, unsigned int domain, const char *title)
{
	g_autofree char *uuid = uuid_of(domain);
	g_autofree char *name = g_strdup_printf("vm%u", domain);
	struct store_dump *dump = store_begin(store, uuid, name, NULL);
	char *id = g_strdup(store_dump_id(dump));

	fill(dump, title);
	g_assert_true(store_dump_commit(dump, NULL, NULL));
	return id;
}

static void add_to(struct fixture *fixture, unsigned int domain, const char *title)
{
	g_autofree char *id = add(fixture->store, domain, title);
}

/* "domain:title domain:title", oldest first. */
static char *list(struct store *store)
{
	g_autoptr(GPtrArray) entries = store_list(store, NULL, NULL);
	GString *text = g_string_new(NULL);

	g_assert_nonnull(entries);
	for (guint i = 0; i < entries->len; i++) {
		const struct store_entry *entry = entries->pdata[i];

		g_string_append_printf(text, "%s%s:%s", i ? " " : "", entry->domain, entry->title);
	}
	return g_string_free(text, FALSE);
}

static char *path_of(const struct fixture *fixture, const char *id)
{
	g_autoptr(StoreEntry) entry = store_find(fixture->store, id, NULL);

	return g_strdup(entry->path);
}

/* The store has been read, and all its files are old. */
static void get_to_know(struct fixture *fixture)
{
	g_autofree char *known = NULL;

	store_publish(fixture->store);
	ahead_s = HOUR;
	known = list(fixture->store);
	store_publish(fixture->store);
}

/* Runs @work in another process. */
static void elsewhere(struct fixture *fixture, void (*work)(struct store *store, const void *data),
		      const void *data)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		ahead_s = 0;
		work(store_new(fixture->root), data);
		raise(SIGKILL); /* it publishes nothing */
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_true(WIFSIGNALED(status));
	g_assert_cmpint(WTERMSIG(status), ==, SIGKILL);
}

/* --- the files for storage pools --- */

static guint count_in_text(const char *text, const char *what)
{
	guint num = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		num++;
	return num;
}

/* The index and the links are of exactly the dumps that a process sees which reads all anew. */
static void check_pool(struct fixture *fixture)
{
	g_autoptr(Store) fresh = store_new(fixture->root);
	g_autoptr(GPtrArray) entries = store_list(fresh, NULL, NULL);
	g_autofree char *pool = g_build_filename(fixture->root, STORE_POOL_DIRECTORY, NULL);
	g_autofree char *path = g_build_filename(pool, STORE_POOL_INDEX, NULL);
	g_autofree char *index = NULL;
	g_autoptr(GDir) dir = g_dir_open(pool, 0, NULL);
	const char *last = NULL;
	guint links = 1, found = 0; /* with the index */

	g_assert_true(g_file_get_contents(path, &index, NULL, NULL));
	g_assert_cmpuint(count_in_text(index, "\"id\":"), ==, entries->len);
	for (guint i = 0; i < entries->len; i++) {
		const struct store_entry *entry = entries->pdata[i];
		g_autofree char *text = g_strdup_printf("\"id\":\"%s\",\"domain\":\"%s\"",
							entry->id, entry->domain);
		g_autofree char *rest = g_strdup_printf("\"vmcore\":%s,\"repeats\":%u,",
							entry->vmcore ? "true" : "false",
							(unsigned int)entry->repeats);
		const char *object = strstr(index, text);
		g_autoptr(GDir) files = g_dir_open(entry->path, 0, NULL);
		const char *file;

		g_assert_nonnull(object);
		g_assert_true(object > last);
		last = object;
		object = strstr(object, "\"vmcore\"");
		g_assert_true(g_str_has_prefix(object, rest));
		while ((file = g_dir_read_name(files))) {
			g_autofree char *name = g_strconcat(entry->id, ".", file, NULL);
			g_autofree char *link = g_build_filename(pool, name, NULL);
			g_autofree char *original = g_build_filename(entry->path, file, NULL);
			struct stat here, there;

			g_assert_cmpint(stat(link, &here), ==, 0);
			g_assert_cmpint(stat(original, &there), ==, 0);
			g_assert_cmpuint(here.st_ino, ==, there.st_ino);
			links++;
		}
	}
	while (g_dir_read_name(dir))
		found++;
	g_assert_cmpuint(found, ==, links);
}

/* The process sees @expected, and so do the readers of storage pools after its next update. */
static void check(struct fixture *fixture, const char *expected)
{
	g_autofree char *seen = list(fixture->store);

	g_assert_cmpstr(seen, ==, expected);
	store_publish(fixture->store);
	check_pool(fixture);
}

/* --- nothing is looked at twice --- */

struct cost {
	int begin, vacuum, publish; /* calls */
	int names;
};

/* What another dump of domain 0 costs; @others: dumps in each of three other domains. */
static struct cost cost_of_a_dump(struct fixture *fixture, unsigned int own, unsigned int others)
{
	g_autofree char *uuid = uuid_of(0);
	struct cost cost;

	for (unsigned int i = 0; i < own; i++)
		add_to(fixture, 0, "t");
	for (unsigned int i = 0; i < 3 * others; i++)
		add_to(fixture, 1 + i % 3, "t");
	get_to_know(fixture);
	calls = names = 0;
	add_to(fixture, 0, "new");
	cost.begin = calls;
	g_assert_true(store_vacuum(fixture->store, uuid, 1000, NULL));
	cost.vacuum = calls - cost.begin;
	store_publish(fixture->store);
	cost.publish = calls - cost.begin - cost.vacuum;
	cost.names = names;
	check_pool(fixture);
	return cost;
}

static struct cost cost_in_a_store(unsigned int own, unsigned int others)
{
	struct fixture fixture;
	struct cost cost;

	set_up(&fixture, NULL);
	cost = cost_of_a_dump(&fixture, own, others);
	tear_down(&fixture, NULL);
	g_test_message(
		"%u and 3 x %u dumps: %d calls to begin, %d to vacuum, %d to publish; %d names",
		own, others, cost.begin, cost.vacuum, cost.publish, cost.names);
	return cost;
}

static void test_dumps_of_others_cost_nothing(void)
{
	struct cost few = cost_in_a_store(1, 2);
	struct cost many = cost_in_a_store(1, 20);

	g_assert_cmpint(many.begin, ==, few.begin);
	g_assert_cmpint(many.vacuum, ==, few.vacuum);
	g_assert_cmpint(many.publish, ==, few.publish);
	g_assert_cmpint(many.names, ==, few.names);
}

static void test_dumps_of_the_domain_cost_a_look_each(void)
{
	struct cost few = cost_in_a_store(2, 1);
	struct cost many = cost_in_a_store(22, 1);

	g_assert_cmpint(many.begin, ==, few.begin);
	g_assert_cmpint(many.vacuum, ==, few.vacuum);
	g_assert_cmpint(many.publish, <=, few.publish + 20);
}

/* --- changes by others --- */

static void test_a_dump_removed_by_hand_is_gone(struct fixture *fixture,
						const void *data G_GNUC_UNUSED)
{
	g_autofree char *first = add(fixture->store, 0, "first");
	g_autofree char *path = NULL;

	add_to(fixture, 0, "second");
	add_to(fixture, 1, "third");
	get_to_know(fixture);
	path = path_of(fixture, first);
	{
		const char *const argv[] = {"rm", "-rf", path, NULL};

		g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL,
					   NULL, NULL, NULL, NULL, NULL));
	}
	check(fixture, "vm0:second vm1:third");
}

static void test_a_directory_may_be_renamed_by_hand(struct fixture *fixture,
						    const void *data G_GNUC_UNUSED)
{
	g_autofree char *id = add(fixture->store, 0, "first");
	g_autofree char *path = NULL, *domain = NULL, *other = NULL;

	add_to(fixture, 1, "second");
	get_to_know(fixture);
	path = path_of(fixture, id);
	domain = g_path_get_dirname(path);
	other = g_build_filename(fixture->root, "saved", NULL);
	g_assert_cmpint(g_rename(domain, other), ==, 0);
	check(fixture, "saved:first vm1:second");
	g_assert_cmpint(g_rename(other, domain), ==, 0);
	check(fixture, "vm0:first vm1:second");
}

static void add_title(struct store *store, const void *title)
{
	g_autofree char *id = add(store, 0, title);
}

static void remove_id(struct store *store, const void *id)
{
	g_autoptr(StoreEntry) entry = store_find(store, id, NULL);

	if (!entry || !store_remove(store, entry, NULL))
		_exit(1);
}

static void rename_to(struct store *store, const void *name)
{
	g_autofree char *uuid = uuid_of(0);

	if (!store_rename(store, uuid, name, NULL))
		_exit(1);
}

static void record_in(struct store *store, const void *id)
{
	const struct store_repeat repeat = {
		.time = "2026-11-22T12:00:00.000000Z", .title = "t", .signal = "oops"};
	g_autoptr(StoreEntry) entry = store_find(store, id, NULL);
	guint64 records;

	if (!entry || !store_repeats_add(entry, &repeat, &records, NULL))
		_exit(1);
}

static void add_vmcore(struct store *store, const void *id)
{
	g_autoptr(StoreEntry) entry = store_find(store, id, NULL);
	g_autofree char *path = g_build_filename(entry->path, "vmcore", NULL);

	if (!g_file_set_contents(path, "x", 1, NULL))
		_exit(1);
	store_entry_touch(entry);
}

static void begin_only(struct store *store, const void *title)
{
	g_autofree char *uuid = uuid_of(0);

	fill(store_begin(store, uuid, "vm0", NULL), title);
}

static void test_killed_processes_leave_what_is_noticed(struct fixture *fixture,
							const void *data G_GNUC_UNUSED)
{
	g_autofree char *id = add(fixture->store, 0, "first");

	add_to(fixture, 1, "second");
	get_to_know(fixture);
	elsewhere(fixture, add_title, "third");
	check(fixture, "vm0:first vm1:second vm0:third");
	get_to_know(fixture);
	elsewhere(fixture, record_in, id);
	check(fixture, "vm0:first vm1:second vm0:third");
	get_to_know(fixture);
	elsewhere(fixture, record_in, id);
	check(fixture, "vm0:first vm1:second vm0:third");
	get_to_know(fixture);
	elsewhere(fixture, add_vmcore, id);
	check(fixture, "vm0:first vm1:second vm0:third");
	get_to_know(fixture);
	elsewhere(fixture, rename_to, "shop");
	check(fixture, "shop:first vm1:second shop:third");
	get_to_know(fixture);
	elsewhere(fixture, remove_id, id);
	check(fixture, "vm1:second shop:third");
	get_to_know(fixture);
	elsewhere(fixture, begin_only, "none");
	check(fixture, "vm1:second vm0:third");
}

static guint num_hidden(const struct fixture *fixture)
{
	g_autofree char *uuid = uuid_of(0);
	g_autofree char *path = g_build_filename(fixture->root, uuid, NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;
	guint num = 0;

	while ((name = g_dir_read_name(dir)))
		num += name[0] == '.';
	return num;
}

/* Its owner died after the directory was read. */
static void test_leftovers_in_a_known_directory_are_removed(struct fixture *fixture,
							    const void *data G_GNUC_UNUSED)
{
	g_autofree char *uuid = uuid_of(0);
	struct store_dump *dump = store_begin(fixture->store, uuid, "vm0", NULL);
	g_autoptr(Store) other = store_new(fixture->root);
	g_autofree char *known = list(other);
	g_autofree char *second = NULL;
	g_autofree char *path = g_strdup(store_dump_path(dump));

	add_title(other, "first");
	g_assert_cmpuint(num_hidden(fixture), ==, 1);
	ahead_s = HOUR;
	g_free(known);
	known = list(other);
	store_dump_abort(dump);
	g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
	g_free(known);
	known = list(other);
	second = add(other, 1, "second");
	g_assert_cmpuint(num_hidden(fixture), ==, 0);
}

/* A file system counts time in steps, so changes in quick succession may have the same time. */
static void test_changes_of_one_instant_are_noticed(struct fixture *fixture,
						    const void *data G_GNUC_UNUSED)
{
	g_autoptr(Store) other = store_new(fixture->root);

	counts_seconds = true;
	add_to(fixture, 0, "t");
	for (unsigned int i = 0; i < 200; i++) {
		g_autofree char *uuid = uuid_of(0);
		g_autofree char *name = g_strdup_printf("name%u", i);
		g_autofree char *expected = g_strconcat(name, ":t", NULL);
		g_autofree char *seen = NULL;

		g_assert_true(store_rename(other, uuid, name, NULL));
		seen = list(fixture->store);
		g_assert_cmpstr(seen, ==, expected);
	}
}

/* The files are of the future then. */
static void test_a_clock_set_back_hides_nothing(struct fixture *fixture,
						const void *data G_GNUC_UNUSED)
{
	g_autofree char *known = NULL;

	add_to(fixture, 0, "first");
	store_publish(fixture->store);
	ahead_s = -HOUR;
	known = list(fixture->store);
	elsewhere(fixture, add_title, "second");
	check(fixture, "vm0:first vm0:second");
	add_to(fixture, 0, "third");
	check(fixture, "vm0:first vm0:second vm0:third");
}

static void test_a_pool_emptied_by_hand_is_filled(struct fixture *fixture,
						  const void *data G_GNUC_UNUSED)
{
	g_autofree char *pool = g_build_filename(fixture->root, STORE_POOL_DIRECTORY, NULL);
	const char *const argv[] = {"rm", "-rf", pool, NULL};

	add_to(fixture, 0, "first");
	add_to(fixture, 1, "second");
	get_to_know(fixture);
	g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
				   NULL, NULL, NULL));
	check(fixture, "vm0:first vm1:second");
}

/* --- threads of one process --- */

#define THREADS 4
#define ROUNDS 8

struct writer {
	struct store *store;
	unsigned int domain;
};

static void *write_dumps(void *data)
{
	const struct writer *writer = data;
	g_autofree char *uuid = uuid_of(writer->domain);

	for (unsigned int i = 0; i < ROUNDS; i++) {
		g_autofree char *title = g_strdup_printf("%u", i);
		g_autofree char *id = add(writer->store, writer->domain, title);

		g_assert_true(store_vacuum(writer->store, uuid, 1, NULL));
		store_publish(writer->store);
	}
	return NULL;
}

static void test_threads_share_a_store(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	GThread *threads[THREADS];
	struct writer writers[THREADS];
	g_autoptr(GPtrArray) entries = NULL;

	for (unsigned int i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){fixture->store, i};
		threads[i] = g_thread_new("writer", write_dumps, &writers[i]);
	}
	for (unsigned int i = 0; i < THREADS; i++)
		g_thread_join(threads[i]);
	entries = store_list(fixture->store, NULL, NULL);
	g_assert_cmpuint(entries->len, ==, THREADS);
	for (guint i = 0; i < entries->len; i++)
		g_assert_cmpint(atoi(((struct store_entry *)entries->pdata[i])->title), ==,
				ROUNDS - 1);
	check_pool(fixture);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*test)(struct fixture *fixture, const void *data);
	} tests[] = {
		{"a dump that is removed by hand is removed from the pool",
		 test_a_dump_removed_by_hand_is_gone},
		{"a directory may be renamed by hand", test_a_directory_may_be_renamed_by_hand},
		{"changes by killed processes are noticed",
		 test_killed_processes_leave_what_is_noticed},
		{"leftovers in a known directory are removed",
		 test_leftovers_in_a_known_directory_are_removed},
		{"changes within one step of the clock are noticed",
		 test_changes_of_one_instant_are_noticed},
		{"a clock that is set back hides no change", test_a_clock_set_back_hides_nothing},
		{"a pool that is emptied by hand is filled", test_a_pool_emptied_by_hand_is_filled},
		{"threads share a store", test_threads_share_a_store},
	};

	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store-catalogue/dumps of other domains cost nothing",
			test_dumps_of_others_cost_nothing);
	g_test_add_func("/store-catalogue/dumps of the same domain cost a look each",
			test_dumps_of_the_domain_cost_a_look_each);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *path = g_strconcat("/store-catalogue/", tests[i].path, NULL);

		g_test_add(path, struct fixture, NULL, set_up, tests[i].test, tear_down);
	}
	return g_test_run();
}
