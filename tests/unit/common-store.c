/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dlfcn.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/json_head.h"
#include "common/store.h"
#include "common/store_pool.h"
#include "common/store_quota.h"
#include "common/store_use.h"

/* Bytes that the file system says are free; 0: as many as there are. */
static uint64_t free_bytes;

int statvfs(const char *path, struct statvfs *info)
{
	int (*real)(const char *, struct statvfs *) = dlsym(RTLD_NEXT, "statvfs");
	int status = real(path, info);

	if (status == 0 && free_bytes)
		info->f_bavail = free_bytes / info->f_frsize;
	return status;
}

struct fixture {
	char *parent;
	char *root;
	struct store *store;
};

static void set_up(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	fixture->parent = g_dir_make_tmp("test-store-XXXXXX", NULL);
	fixture->root = g_build_filename(fixture->parent, "dumps", NULL);
	fixture->store = store_new(fixture->root);
}

static void remove_tree(const char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *child = g_build_filename(path, name, NULL);

		if (g_file_test(child, G_FILE_TEST_IS_DIR) &&
		    !g_file_test(child, G_FILE_TEST_IS_SYMLINK))
			remove_tree(child);
		else
			g_unlink(child);
	}
	if (dir)
		g_dir_close(dir);
	g_rmdir(path);
}

static void tear_down(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	store_free(fixture->store);
	remove_tree(fixture->parent);
	g_free(fixture->root);
	g_free(fixture->parent);
}

/* The members of a report about the guest. */
struct guest {
	const char *kaslr_offset;
	int die_counter;
	int uptime_s;
};

static void fill_with_guest(struct store_dump *dump, const char *title, const struct guest *guest)
{
	g_autofree char *about =
		guest ? g_strdup_printf("{\"build_id\": \"b1\", \"kaslr_offset\": \"%s\","
					" \"uptime_s\": %d, \"die_counter\": %d}",
					guest->kaslr_offset, guest->uptime_s, guest->die_counter)
		      : g_strdup("null");
	g_autofree char *json =
		g_strdup_printf("{\"schema\": 1, \"title\": \"%s\", \"signal\": \"oops\",\n"
				" \"fingerprint\": \"0123456789abcdef\","
				" \"timeline\": {\"signalled\": \"2026-11-22T21:45:01.123456Z\"},"
				" \"guest\": %s, \"vcpus\": []}",
				title, about);
	int fd = store_dump_create(dump, "report.json", NULL);

	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(write(fd, json, strlen(json)), ==, (ssize_t)strlen(json));
}

static void fill(struct store_dump *dump, const char *title)
{
	fill_with_guest(dump, title, NULL);
}

/*
 * Returns the UUID of a domain that never changes its name: each name has its own UUID. g_free().
 */
static char *uuid_of(const char *name)
{
	g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_MD5, name, -1);

	return g_strdup_printf("%.8s-%.4s-%.4s-%.4s-%.12s", hash, hash + 8, hash + 12, hash + 16,
			       hash + 20);
}

static struct store_dump *begin(struct fixture *fixture, const char *name, GError **error)
{
	g_autofree char *uuid = uuid_of(name);

	return store_begin(fixture->store, uuid, name, error);
}

static bool vacuum(struct fixture *fixture, const char *name, unsigned int keep)
{
	g_autofree char *uuid = uuid_of(name);

	return store_vacuum(fixture->store, uuid, keep, NULL);
}

/* Stores one dump; returns its id. */
static char *add_of_guest(struct fixture *fixture, const char *domain, const char *title,
			  const struct guest *guest)
{
	g_autoptr(GError) error = NULL;
	struct store_dump *dump = begin(fixture, domain, &error);
	char *id;

	g_assert_no_error(error);
	id = g_strdup(store_dump_id(dump));
	fill_with_guest(dump, title, guest);
	g_assert_true(store_dump_commit(dump, NULL, &error));
	g_assert_no_error(error);
	return id;
}

static char *add(struct fixture *fixture, const char *domain, const char *title)
{
	return add_of_guest(fixture, domain, title, NULL);
}

/* The titles of a domain's dumps, oldest first: "a b c". */
static char *titles(struct fixture *fixture, const char *domain)
{
	g_autoptr(GPtrArray) entries = store_list(fixture->store, domain, NULL);
	g_autoptr(GPtrArray) words = g_ptr_array_new();

	for (guint i = 0; i < entries->len; i++)
		g_ptr_array_add(words, ((struct store_entry *)entries->pdata[i])->title);
	g_ptr_array_add(words, NULL);
	return g_strjoinv(" ", (char **)words->pdata);
}

static unsigned int mode_of(const char *path)
{
	struct stat info;

	g_assert_cmpint(lstat(path, &info), ==, 0);
	return info.st_mode & 07777;
}

static guint count(struct fixture *fixture, const char *domain)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) entries = store_list(fixture->store, domain, &error);

	g_assert_no_error(error);
	return entries->len;
}

static void test_a_dump_is_found_as_it_was_stored(struct fixture *fixture,
						  const void *data G_GNUC_UNUSED)
{
	g_autofree char *id = add(fixture, "web1", "BUG in f [m]");
	g_autoptr(StoreEntry) entry = store_find(fixture->store, id, NULL);
	g_autofree char *text = NULL;
	g_autofree char *file = NULL;
	size_t length = 0;

	g_assert_nonnull(entry);
	g_assert_cmpstr(entry->id, ==, id);
	g_assert_cmpstr(entry->domain, ==, "web1");
	g_assert_cmpstr(entry->title, ==, "BUG in f [m]");
	g_assert_cmpstr(entry->signal, ==, "oops");
	g_assert_cmpstr(entry->signalled, ==, "2026-11-22T21:45:01.123456Z");
	g_assert_false(entry->vmcore);
	file = g_build_filename(entry->path, "report.json", NULL);
	g_assert_cmphex(mode_of(entry->path), ==, 0700);
	g_assert_cmphex(mode_of(fixture->root), ==, 0700);
	g_assert_cmphex(mode_of(file), ==, 0600);
	text = store_read(entry, "report.json", 4096, &length, NULL);
	g_assert_cmpuint(strlen(text), ==, length);
	g_assert_true(g_str_has_prefix(text, "{\"schema\""));
}

static void test_a_dump_is_not_seen_before_its_commit(struct fixture *fixture,
						      const void *data G_GNUC_UNUSED)
{
	struct store_dump *dump = begin(fixture, "web1", NULL);

	fill(dump, "t");
	g_assert_cmpuint(count(fixture, NULL), ==, 0);
	g_assert_true(store_dump_commit(dump, NULL, NULL));
	g_assert_cmpuint(count(fixture, NULL), ==, 1);
}

static void test_an_aborted_dump_leaves_nothing(struct fixture *fixture,
						const void *data G_GNUC_UNUSED)
{
	struct store_dump *dump = begin(fixture, "web1", NULL);
	g_autofree char *uuid = uuid_of("web1");
	g_autofree char *domain = g_build_filename(fixture->root, uuid, NULL);
	g_autofree char *link = g_build_filename(fixture->root, "web1", NULL);

	fill(dump, "t");
	g_assert_true(g_file_test(domain, G_FILE_TEST_IS_DIR));
	g_assert_true(g_file_test(link, G_FILE_TEST_IS_DIR));
	store_dump_abort(dump);
	g_assert_false(g_file_test(domain, G_FILE_TEST_EXISTS));
	g_assert_false(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
}

/* A child begins a dump and is killed. */
static void test_leftovers_of_a_killed_writer_go_with_the_next_dump(struct fixture *fixture,
								    const void *data G_GNUC_UNUSED)
{
	g_autofree char *path = NULL;
	int pipe_fds[2];
	char buffer[512] = "";
	pid_t child;

	g_assert_cmpint(pipe(pipe_fds), ==, 0);
	child = fork();
	if (child == 0) {
		struct store_dump *dump = begin(fixture, "web1", NULL);

		fill(dump, "t");
		if (write(pipe_fds[1], store_dump_path(dump), strlen(store_dump_path(dump))) < 0)
			_exit(1);
		raise(SIGKILL);
	}
	g_assert_cmpint(waitpid(child, NULL, 0), ==, child);
	g_assert_cmpint(read(pipe_fds[0], buffer, sizeof(buffer) - 1), >, 0);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	g_assert_true(g_file_test(buffer, G_FILE_TEST_IS_DIR));
	path = add(fixture, "db", "t");
	g_assert_false(g_file_test(buffer, G_FILE_TEST_EXISTS));
}

static void test_what_a_living_writer_builds_is_left_alone(struct fixture *fixture,
							   const void *data G_GNUC_UNUSED)
{
	struct store_dump *first = begin(fixture, "web1", NULL);
	g_autofree char *second = NULL;

	fill(first, "first");
	second = add(fixture, "web1", "second");
	g_assert_cmpstr(store_dump_id(first), !=, second);
	g_assert_true(store_dump_commit(first, NULL, NULL));
	g_assert_cmpuint(count(fixture, "web1"), ==, 2);
}

static void test_ids_are_unique_across_domains_and_in_order(struct fixture *fixture,
							    const void *data G_GNUC_UNUSED)
{
	g_autoptr(GPtrArray) entries = NULL;
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (int i = 0; i < 24; i++) {
		g_autofree char *title = g_strdup_printf("%d", i);
		g_autofree char *id = add(fixture, i % 2 ? "web1" : "db", title);
	}
	entries = store_list(fixture->store, NULL, NULL);
	g_assert_cmpuint(entries->len, ==, 24);
	for (guint i = 0; i < entries->len; i++) {
		const struct store_entry *entry = entries->pdata[i];

		g_assert_true(g_hash_table_add(seen, entry->id));
		g_assert_cmpint(atoi(entry->title), ==, i);
	}
}

static void test_vacuum_keeps_the_newest_of_its_domain(struct fixture *fixture,
						       const void *data G_GNUC_UNUSED)
{
	g_autoptr(GPtrArray) entries = NULL;

	for (int i = 0; i < 5; i++) {
		g_autofree char *title = g_strdup_printf("%d", i);
		g_autofree char *id = add(fixture, "web1", title);
		g_autofree char *other = add(fixture, "db", "other");
	}
	g_assert_true(vacuum(fixture, "web1", 2));
	entries = store_list(fixture->store, "web1", NULL);
	g_assert_cmpuint(entries->len, ==, 2);
	g_assert_cmpstr(((struct store_entry *)entries->pdata[0])->title, ==, "3");
	g_assert_cmpstr(((struct store_entry *)entries->pdata[1])->title, ==, "4");
	g_assert_cmpuint(count(fixture, "db"), ==, 5);
}

/* Also within one second, when the first numbers are free again. */
static void test_the_newest_is_the_last_after_a_vacuum(struct fixture *fixture,
						       const void *data G_GNUC_UNUSED)
{
	for (int i = 0; i < 12; i++) {
		g_autofree char *title = g_strdup_printf("%d", i);
		g_autofree char *id = add(fixture, "web1", title);
		g_autoptr(GPtrArray) entries = NULL;

		g_assert_true(vacuum(fixture, "web1", 2));
		entries = store_list(fixture->store, "web1", NULL);
		g_assert_cmpuint(entries->len, ==, MIN(i + 1, 2));
		g_assert_cmpstr(((struct store_entry *)entries->pdata[entries->len - 1])->title, ==,
				title);
	}
}

/* Stores a dump and then runs the vacuum, like a collector. */
static void add_and_vacuum(struct fixture *fixture, const char *title, const struct guest *guest,
			   unsigned int keep)
{
	g_autofree char *id = add_of_guest(fixture, "web1", title, guest);

	g_assert_true(vacuum(fixture, "web1", keep));
}

static void test_the_first_of_a_boot_stays(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	g_autofree char *cascade = NULL;
	g_autofree char *second_boot = NULL;
	g_autofree char *later = NULL;

	for (int i = 1; i <= 20; i++) {
		g_autofree char *title = g_strdup_printf("a%d", i);

		add_and_vacuum(fixture, title, &(struct guest){"0x1", i, 10 + i}, 4);
	}
	cascade = titles(fixture, "web1");
	g_assert_cmpstr(cascade, ==, "a1 a18 a19 a20");
	/* The counter is lower: this is another boot, even with the same kernel address. */
	add_and_vacuum(fixture, "b1", &(struct guest){"0x1", 1, 5}, 4);
	add_and_vacuum(fixture, "b2", &(struct guest){"0x1", 2, 6}, 4);
	second_boot = titles(fixture, "web1");
	g_assert_cmpstr(second_boot, ==, "a1 a20 b1 b2");
	add_and_vacuum(fixture, "b3", &(struct guest){"0x1", 3, 7}, 4);
	add_and_vacuum(fixture, "b4", &(struct guest){"0x1", 4, 8}, 4);
	later = titles(fixture, "web1");
	g_assert_cmpstr(later, ==, "b1 b2 b3 b4");
}

static void test_the_first_of_a_title_stays(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	g_autofree char *left = NULL;

	add_and_vacuum(fixture, "root", &(struct guest){"0x1", 1, 1}, 4);
	for (int i = 2; i <= 9; i++)
		add_and_vacuum(fixture, i % 2 ? "odd" : "even", &(struct guest){"0x1", i, i}, 4);
	left = titles(fixture, "web1");
	g_assert_cmpstr(left, ==, "root even odd odd");
}

static void test_the_newest_stays_whatever_else(struct fixture *fixture,
						const void *data G_GNUC_UNUSED)
{
	for (int i = 1; i <= 4; i++) {
		g_autofree char *title = g_strdup_printf("t%d", i);
		g_autofree char *left = NULL;

		add_and_vacuum(fixture, title, &(struct guest){"0x1", i, i}, 1);
		left = titles(fixture, "web1");
		g_assert_cmpstr(left, ==, title);
	}
	g_assert_true(vacuum(fixture, "web1", 0));
	g_assert_cmpuint(count(fixture, "web1"), ==, 1);
}

/* A dump of tomorrow: the clock was set back later. */
static void test_order_does_not_hang_on_the_clock(struct fixture *fixture,
						  const void *data G_GNUC_UNUSED)
{
	static const char *const futures[] = {"20991231T235959Z", "20991230T000000Z"};
	g_autofree char *left = NULL;
	g_autofree char *later = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(futures); i++) {
		g_autofree char *id = add(fixture, "web1", "future");
		g_autoptr(StoreEntry) entry = store_find(fixture->store, id, NULL);
		g_autofree char *parent = g_path_get_dirname(entry->path);
		g_autofree char *late = g_strconcat(futures[i], strchr(id, '-'), NULL);
		g_autofree char *path = g_build_filename(parent, late, NULL);

		g_assert_cmpint(g_rename(entry->path, path), ==, 0);
	}
	add_and_vacuum(fixture, "now", NULL, 2);
	left = titles(fixture, "web1");
	g_assert_cmpstr(left, ==, "future now");
	add_and_vacuum(fixture, "later", NULL, 2);
	later = titles(fixture, "web1");
	g_assert_cmpstr(later, ==, "now later");
}

#define FIRST_UUID "11111111-1111-4111-8111-111111111111"
#define SECOND_UUID "22222222-2222-4222-8222-222222222222"

static void add_as(struct fixture *fixture, const char *uuid, const char *name, const char *title)
{
	g_autoptr(GError) error = NULL;
	struct store_dump *dump = store_begin(fixture->store, uuid, name, &error);

	g_assert_no_error(error);
	fill(dump, title);
	g_assert_true(store_dump_commit(dump, NULL, &error));
}

static char *link_target(struct fixture *fixture, const char *name)
{
	g_autofree char *path = g_build_filename(fixture->root, name, NULL);

	return g_file_read_link(path, NULL);
}

static void test_a_renamed_domain_keeps_its_dumps(struct fixture *fixture,
						  const void *data G_GNUC_UNUSED)
{
	g_autofree char *by_new_name = NULL;
	g_autofree char *all = NULL;
	g_autofree char *link = NULL;

	add_as(fixture, FIRST_UUID, "web1", "before");
	g_assert_true(store_rename(fixture->store, FIRST_UUID, "shop", NULL));
	by_new_name = titles(fixture, "shop");
	g_assert_cmpstr(by_new_name, ==, "before");
	g_assert_cmpuint(count(fixture, "web1"), ==, 0);
	add_as(fixture, FIRST_UUID, "shop/2", "after");
	all = titles(fixture, "shop/2");
	g_assert_cmpstr(all, ==, "before after");
	g_assert_true(store_vacuum(fixture->store, FIRST_UUID, 1, NULL));
	g_assert_cmpuint(count(fixture, NULL), ==, 1);
	link = link_target(fixture, "shop%2F2");
	g_assert_cmpstr(link, ==, FIRST_UUID);
	g_assert_null(link_target(fixture, "shop"));
	g_assert_null(link_target(fixture, "web1"));
	g_assert_true(store_rename(fixture->store, SECOND_UUID, "none", NULL));
	g_assert_null(link_target(fixture, "none"));
}

static void test_a_new_domain_of_an_old_name_starts_anew(struct fixture *fixture,
							 const void *data G_GNUC_UNUSED)
{
	g_autofree char *old = NULL;
	g_autofree char *both = NULL;
	g_autofree char *link = NULL;

	add_as(fixture, FIRST_UUID, "web1", "old");
	for (int i = 0; i < 3; i++)
		add_as(fixture, SECOND_UUID, "web1", "new");
	g_assert_true(store_vacuum(fixture->store, SECOND_UUID, 1, NULL));
	old = titles(fixture, FIRST_UUID);
	g_assert_cmpstr(old, ==, "old");
	both = titles(fixture, "web1");
	g_assert_cmpstr(both, ==, "old new");
	link = link_target(fixture, "web1");
	g_assert_cmpstr(link, ==, SECOND_UUID);
}

static void test_a_name_may_be_longer_than_a_file_name(struct fixture *fixture,
						       const void *data G_GNUC_UNUSED)
{
	g_autofree char *name = g_strnfill(300, '/');
	g_autoptr(StoreEntry) entry = NULL;

	add_as(fixture, FIRST_UUID, name, "t");
	entry = store_find(fixture->store, name, NULL);
	g_assert_nonnull(entry);
	g_assert_cmpstr(entry->domain, ==, name);
	g_assert_cmpstr(entry->uuid, ==, FIRST_UUID);
}

/* A dump in the layout of the first stores: <root>/<name>/<id>/. */
static void add_by_name(struct fixture *fixture, const char *name, const char *id,
			const char *domain)
{
	g_autofree char *path = g_build_filename(fixture->root, name, id, NULL);
	g_autofree char *file = g_build_filename(path, "report.json", NULL);
	g_autofree char *json = g_strdup_printf("{\"title\": \"%s\", \"domain\": %s}", id, domain);

	g_assert_cmpint(g_mkdir_with_parents(path, 0700), ==, 0);
	g_assert_true(g_file_set_contents(file, json, -1, NULL));
}

static void test_a_store_by_name_is_adopted(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	static const char first[] = "{\"name\": \"a/b\", \"uuid\": \"" FIRST_UUID "\"}";
	static const char second[] = "{\"name\": \"a/b\", \"uuid\": \"" SECOND_UUID "\"}";
	g_autofree char *before = NULL;
	g_autofree char *of_first = NULL;
	g_autofree char *of_second = NULL;
	g_autofree char *all = NULL;
	g_autofree char *damaged = g_build_filename(fixture->root, "db", NULL);

	add_by_name(fixture, "a%2Fb", "20261120T100000Z-2", first);
	add_by_name(fixture, "a%2Fb", "20261120T100000Z-10", first);
	add_by_name(fixture, "a%2Fb", "20261121T100000Z-1", second);
	add_by_name(fixture, "db", "20261122T100000Z-1", "null");
	before = titles(fixture, "a/b");
	g_assert_cmpstr(before, ==, "20261120T100000Z-2 20261120T100000Z-10 20261121T100000Z-1");
	add_as(fixture, FIRST_UUID, "a/b", "new");
	of_first = titles(fixture, FIRST_UUID);
	g_assert_cmpstr(of_first, ==, "20261120T100000Z-2 20261120T100000Z-10 new");
	of_second = titles(fixture, SECOND_UUID);
	g_assert_cmpstr(of_second, ==, "20261121T100000Z-1");
	all = titles(fixture, NULL);
	g_assert_cmpstr(all, ==,
			"20261120T100000Z-2 20261120T100000Z-10 20261121T100000Z-1 "
			"20261122T100000Z-1 new");
	/* The owner of this folder is unknown. */
	g_assert_true(g_file_test(damaged, G_FILE_TEST_IS_DIR));
	g_assert_cmpuint(count(fixture, "db"), ==, 1);
}

static void test_domain_names_never_leave_the_root(struct fixture *fixture,
						   const void *data G_GNUC_UNUSED)
{
	static const char *const names[] = {"../up", "..",   ".hidden", "a/b",	      "100%",
					    "%2E",   "a\nb", "\033[1m", "caf\303\251"};
	g_autoptr(GDir) parent = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *id = add(fixture, names[i], "t");
		g_autoptr(StoreEntry) entry = store_find(fixture->store, names[i], NULL);

		g_assert_nonnull(entry);
		g_assert_cmpstr(entry->domain, ==, names[i]);
		g_assert_cmpstr(entry->id, ==, id);
		g_assert_true(g_str_has_prefix(entry->path, fixture->root));
		for (const char *at = entry->path; *at; at++)
			g_assert_false(g_ascii_iscntrl(*at));
	}
	parent = g_dir_open(fixture->parent, 0, NULL);
	g_assert_cmpstr(g_dir_read_name(parent), ==, "dumps");
	g_assert_null(g_dir_read_name(parent));
}

static void test_references(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	g_autofree char *first = add(fixture, "web1", "1");
	g_autofree char *second = add(fixture, "web1", "2");
	g_autofree char *third = add(fixture, "db", "3");
	g_autofree char *with_domain = g_strconcat("web1/", first, NULL);
	const struct {
		const char *reference;
		const char *id;
		int code;
	} cases[] = {
		{first, first, 0},
		{third, third, 0},
		{"web1", second, 0},
		{"db", third, 0},
		{with_domain, first, 0},
		{"db/2", third, 0},
		{"web1/2", NULL, STORE_ERROR_AMBIGUOUS},
		{"2", NULL, STORE_ERROR_AMBIGUOUS},
		{"20010101T000000Z-1", NULL, STORE_ERROR_NOT_FOUND},
		{"mail", NULL, STORE_ERROR_NOT_FOUND},
		{"", NULL, STORE_ERROR_NOT_FOUND},
		{"/", NULL, STORE_ERROR_NOT_FOUND},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(StoreEntry) entry =
			store_find(fixture->store, cases[i].reference, &error);

		if (cases[i].id) {
			g_assert_no_error(error);
			g_assert_cmpstr(entry->id, ==, cases[i].id);
		} else {
			g_assert_error(error, STORE_ERROR, cases[i].code);
		}
	}
}

static void test_a_damaged_dump_is_listed_without_a_title(struct fixture *fixture,
							  const void *data G_GNUC_UNUSED)
{
	struct store_dump *dump = begin(fixture, "web1", NULL);
	g_autoptr(GPtrArray) entries = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_true(store_dump_commit(dump, NULL, NULL));
	entries = store_list(fixture->store, "web1", NULL);
	g_assert_cmpuint(entries->len, ==, 1);
	g_assert_null(((struct store_entry *)entries->pdata[0])->title);
	g_assert_null(store_read(entries->pdata[0], "report.txt", 4096, NULL, &error));
	g_assert_error(error, STORE_ERROR, STORE_ERROR_NOT_FOUND);
}

static void test_no_link_is_followed_and_no_limit_overrun(struct fixture *fixture,
							  const void *data G_GNUC_UNUSED)
{
	g_autofree char *id = add(fixture, "web1", "t");
	g_autoptr(StoreEntry) entry = store_find(fixture->store, id, NULL);
	g_autofree char *link = g_build_filename(entry->path, "report.txt", NULL);
	g_autoptr(GError) io = NULL;
	g_autoptr(GError) damaged = NULL;

	g_assert_cmpint(symlink("report.json", link), ==, 0);
	g_assert_null(store_read(entry, "report.txt", 4096, NULL, &io));
	g_assert_error(io, STORE_ERROR, STORE_ERROR_IO);
	g_assert_null(store_read(entry, "report.json", 10, NULL, &damaged));
	g_assert_error(damaged, STORE_ERROR, STORE_ERROR_DAMAGED);
}

static void test_a_store_that_is_not_there(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(store_list(fixture->store, NULL, &error));
	g_assert_error(error, STORE_ERROR, STORE_ERROR_NOT_FOUND);
	g_assert_nonnull(strstr(error->message, fixture->root));
}

static void test_a_root_that_others_can_write_to_is_refused(struct fixture *fixture,
							    const void *data G_GNUC_UNUSED)
{
	g_autoptr(GError) writable = NULL;
	g_autoptr(GError) foreign = NULL;

	g_assert_cmpint(g_mkdir(fixture->root, 0700), ==, 0);
	g_assert_cmpint(chmod(fixture->root, 0777), ==, 0);
	g_assert_null(begin(fixture, "web1", &writable));
	g_assert_error(writable, STORE_ERROR, STORE_ERROR_DENIED);
	if (geteuid() != 0) {
		g_test_message("the owner can be changed by root only");
		return;
	}
	g_assert_cmpint(chmod(fixture->root, 0700), ==, 0);
	g_assert_cmpint(chown(fixture->root, 12345, 12345), ==, 0);
	g_assert_null(begin(fixture, "web1", &foreign));
	g_assert_error(foreign, STORE_ERROR, STORE_ERROR_DENIED);
	g_assert_nonnull(strstr(foreign->message, "12345"));
}

static void test_a_full_file_system_is_known(struct fixture *fixture,
					     const void *data G_GNUC_UNUSED)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(store_has_room(fixture->store, UINT64_MAX, NULL)); /* no store yet */
	store_dump_abort(begin(fixture, "web1", NULL));
	g_assert_true(store_has_room(fixture->store, 1, NULL));
	g_assert_false(store_has_room(fixture->store, UINT64_MAX, &error));
	g_assert_error(error, STORE_ERROR, STORE_ERROR_FULL);
}

static char *pool_file(struct fixture *fixture, const char *name)
{
	return g_build_filename(fixture->root, STORE_POOL_DIRECTORY, name, NULL);
}

static void test_the_pool_has_what_the_store_has(struct fixture *fixture,
						 const void *data G_GNUC_UNUSED)
{
	g_autofree char *id = add(fixture, "web1", "first");
	g_autofree char *other = add(fixture, "db", "second");
	g_autofree char *name = g_strconcat(id, ".report.json", NULL);
	g_autofree char *report = pool_file(fixture, name);
	g_autofree char *index = pool_file(fixture, STORE_POOL_INDEX);
	g_autofree char *text = NULL;
	g_autofree char *after = NULL;
	g_autoptr(StoreEntry) entry = store_find(fixture->store, id, NULL);

	store_publish(fixture->store);
	g_assert_true(g_file_test(report, G_FILE_TEST_IS_REGULAR));
	g_assert_true(g_file_get_contents(index, &text, NULL, NULL));
	g_assert_nonnull(strstr(text, id));
	g_assert_nonnull(strstr(text, "\"second\""));
	g_assert_nonnull(strstr(text, "\"incident\":\"oops\""));
	g_assert_nonnull(strstr(text, "\"fingerprint\":\"0123456789abcdef\""));
	g_assert_cmpstr(entry->fingerprint, ==, "0123456789abcdef");
	g_assert_cmphex(mode_of(index), ==, 0600);
	g_assert_true(store_remove(fixture->store, entry, NULL));
	store_publish(fixture->store);
	g_assert_false(g_file_test(report, G_FILE_TEST_EXISTS));
	g_assert_true(g_file_get_contents(index, &after, NULL, NULL));
	g_assert_null(strstr(after, id));
	g_assert_nonnull(strstr(after, other));
}

/* The fingerprint comes from the analyser, which a guest may control. */
static void test_only_digits_are_a_fingerprint(void)
{
	static const char *const others[] = {
		"",
		"0123456",
		"0123456789ABCDEF",
		"01234567\n",
		"\x1b[31m0123456789",
		"0x01234567",
		"000000000000000000000000000000000000000000000000000000000000000000000000",
	};
	g_autofree char *good = store_entry_fingerprint("0123456789abcdef");

	g_assert_cmpstr(good, ==, "0123456789abcdef");
	g_assert_null(store_entry_fingerprint(NULL));
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
		g_assert_null(store_entry_fingerprint(others[i]));
}

static void test_json_head(void)
{
	static const struct {
		const char *json;
		bool whole;
		const char *title;
		const char *signalled;
	} cases[] = {
		{"{\"title\":\"a\",\"timeline\":{\"signalled\":\"b\"},BROKEN", true, "a", "b"},
		{"{\"timeline\":{\"x\":[1,{\"signalled\":\"no\"}],\"signalled\":\"b\"},"
		 "\"y\":{\"title\":\"no\"},\"title\":\"a\"}",
		 true, "a", "b"},
		{"{\"title\":\"q\\\"\\u00e9\\n\"}", true, "q\"\303\251\n", NULL},
		{"{\"title\":null,\"timeline\":null}", true, NULL, NULL},
		{"{\"n\":-1.5e3,\"b\":true,\"title\":\"a\"}", true, "a", NULL},
		{" { } ", true, NULL, NULL},
		{"", false, NULL, NULL},
		{"[]", false, NULL, NULL},
		{"{\"title\":\"a\"", false, NULL, NULL},
		{"{\"title\":\"a", false, NULL, NULL},
		{"{\"title\":\"a\\", false, NULL, NULL},
		{"{\"title\"", false, NULL, NULL},
		{"{\"x\":[[[[", false, NULL, NULL},
		{"{\"title\":\"\377\"}", false, NULL, NULL},
		{"{\"title\":\"\\ud83d\\ud$00\"}", false, NULL, NULL},
		{"{\"title\":\"\\x41\"}", false, NULL, NULL},
		{"{\"title\":\"\\ud83d\\u00de\"}", false, NULL, NULL},
		{"{\"title\":\"\\u00", false, NULL, NULL},
		{"{\"x\":\"\\ud83d\\ude00\",\"title\":\"\\ud83d\\ude00\\/\"}", true,
		 "\360\237\230\200/", NULL},
	};
	static const char *const paths[] = {"title", "timeline.signalled", NULL};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		char *values[2];

		g_test_message("case %zu", i);
		g_assert_cmpint(
			json_head_strings(cases[i].json, strlen(cases[i].json), paths, values), ==,
			cases[i].whole);
		g_assert_cmpstr(values[0], ==, cases[i].title);
		g_assert_cmpstr(values[1], ==, cases[i].signalled);
		g_free(values[0]);
		g_free(values[1]);
	}
}

/* A full dump that was written later, and links that are missing because a process was killed. */
static void test_the_pool_is_completed(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	g_autofree char *id = add(fixture, "web1", "first");
	g_autoptr(StoreEntry) entry = store_find(fixture->store, id, NULL);
	g_autofree char *vmcore = g_build_filename(entry->path, "vmcore", NULL);
	g_autofree char *vmcore_name = g_strconcat(id, ".vmcore", NULL);
	g_autofree char *vmcore_link = pool_file(fixture, vmcore_name);
	g_autofree char *report_name = g_strconcat(id, ".report.json", NULL);
	g_autofree char *report_link = pool_file(fixture, report_name);
	g_autofree char *hidden = g_build_filename(entry->path, ".hook", NULL);
	g_autofree char *hidden_name = g_strconcat(id, "..hook", NULL);
	g_autofree char *hidden_link = pool_file(fixture, hidden_name);

	/* What others do not read. */
	g_assert_true(g_file_set_contents(hidden, "x", 1, NULL));
	store_publish(fixture->store);
	g_assert_true(g_file_test(report_link, G_FILE_TEST_EXISTS));
	g_assert_false(g_file_test(hidden_link, G_FILE_TEST_EXISTS));
	g_assert_true(g_file_set_contents(vmcore, "x", 1, NULL));
	store_publish(fixture->store);
	g_assert_true(g_file_test(vmcore_link, G_FILE_TEST_EXISTS));
	g_assert_cmpint(g_unlink(report_link), ==, 0);
	store_publish(fixture->store);
	g_assert_true(g_file_test(report_link, G_FILE_TEST_EXISTS));
}

/* The store reads a report once; another file at its path is another report. */
static void test_a_changed_report_is_read_again(struct fixture *fixture,
						const void *data G_GNUC_UNUSED)
{
	g_autofree char *id = add(fixture, "web1", "first");
	g_autoptr(StoreEntry) entry = store_find(fixture->store, id, NULL);
	g_autofree char *report = g_build_filename(entry->path, "report.json", NULL);
	g_autofree char *before = titles(fixture, "web1");
	g_autofree char *after = NULL;
	g_autofree char *gone = NULL;

	g_assert_cmpstr(before, ==, "first");
	g_assert_true(
		g_file_set_contents(report, "{\"schema\": 1, \"title\": \"other\"}", -1, NULL));
	after = titles(fixture, "web1");
	g_assert_cmpstr(after, ==, "other");
	g_assert_cmpint(g_unlink(report), ==, 0);
	gone = titles(fixture, "web1");
	g_assert_cmpstr(gone, ==, "");
}

/* --- limits of the whole store --- */

#define KIB 1024

static void note_removed(const struct store_entry *entry, const char *why, void *user_data)
{
	g_string_append_printf(user_data, "%s[%s] ", entry->title, strrchr(why, '(') + 1);
}

/* Returns the titles of the removed dumps and the limits that removed them. */
static char *enforce(struct fixture *fixture, const struct store_quota *quota)
{
	GString *removed = g_string_new(NULL);

	g_assert_true(store_enforce(fixture->store, quota, note_removed, removed, NULL));
	return g_string_free(removed, FALSE);
}

static unsigned int num_in_pool(struct fixture *fixture)
{
	g_autofree char *path = g_build_filename(fixture->root, STORE_POOL_DIRECTORY, NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	unsigned int num = 0;

	while (dir && g_dir_read_name(dir))
		num++;
	return num;
}

/* Adds a dump with a core of this size. */
static void add_big(struct fixture *fixture, const char *domain, const char *title, size_t size)
{
	g_autofree char *bytes = g_malloc0(size);
	struct store_dump *dump = begin(fixture, domain, NULL);
	int fd;

	fill(dump, title);
	fd = store_dump_create(dump, "core", NULL);
	g_assert_cmpint(write(fd, bytes, size), ==, (ssize_t)size);
	g_assert_true(store_dump_commit(dump, NULL, NULL));
}

static void test_the_greediest_domain_gives_first(struct fixture *fixture,
						  const void *data G_GNUC_UNUSED)
{
	const struct store_quota none = {0};
	const struct store_quota quota = {.max_use = 700 * KIB};
	g_autofree char *nothing = NULL;
	g_autofree char *removed = NULL;
	g_autofree char *again = NULL;
	g_autofree char *left = NULL;
	unsigned int before;

	add_big(fixture, "small", "s1", 100 * KIB);
	add_big(fixture, "big", "b1", 200 * KIB);
	add_big(fixture, "big", "b2", 200 * KIB);
	add_big(fixture, "big", "b3", 200 * KIB);
	add_big(fixture, "small", "s2", 100 * KIB);
	nothing = enforce(fixture, &none);
	g_assert_cmpstr(nothing, ==, "");
	store_publish(fixture->store);
	before = num_in_pool(fixture);
	removed = enforce(fixture, &quota);
	g_assert_cmpstr(removed, ==, "b1[max_use_mib)] ");
	/* Else its blocks would stay in use. */
	g_assert_cmpuint(num_in_pool(fixture), <, before);
	again = enforce(fixture, &quota);
	g_assert_cmpstr(again, ==, "");
	left = titles(fixture, "small");
	g_assert_cmpstr(left, ==, "s1 s2");
}

static void test_the_newest_dump_stays(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	const struct store_quota nothing_fits = {.max_use = 1, .keep_free = UINT64_MAX};
	g_autofree char *removed = NULL;

	add_big(fixture, "a", "a1", 10 * KIB);
	add_big(fixture, "b", "b1", 10 * KIB);
	removed = enforce(fixture, &nothing_fits);
	g_assert_cmpstr(removed, ==, "a1[max_use_mib)] ");
	g_assert_cmpuint(count(fixture, "b"), ==, 1);
}

static void test_room_is_made(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	const struct store_quota quota = {.keep_free = UINT64_MAX};
	g_autofree char *removed = NULL;

	add_big(fixture, "a", "a1", 10 * KIB);
	add_big(fixture, "a", "a2", 10 * KIB);
	removed = enforce(fixture, &quota);
	g_assert_cmpstr(removed, ==, "a1[keep_free_mib)] ");
}

static void test_what_is_stored_is_counted(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	struct store_use use = {0};
	g_autoptr(StoreEntry) entry = NULL;

	g_assert_true(store_use_read(fixture->store, &use, NULL));
	g_assert_cmpuint(use.dumps, ==, 0);
	g_assert_false(use.free_known);

	add_big(fixture, "a", "a1", 100 * KIB);
	add_big(fixture, "b", "b1", 100 * KIB);
	store_publish(fixture->store);
	g_assert_true(store_use_read(fixture->store, &use, NULL));
	g_assert_cmpuint(use.dumps, ==, 2);
	/* Counts each file once, not for every name and pool link. */
	g_assert_cmpuint(use.bytes, >=, 200 * KIB);
	g_assert_cmpuint(use.bytes, <, 300 * KIB);
	g_assert_true(use.free_known);
	g_assert_cmpuint(use.free_bytes, >, 0);

	entry = store_find(fixture->store, "a", NULL);
	g_assert_true(store_remove(fixture->store, entry, NULL));
	g_assert_true(store_use_read(fixture->store, &use, NULL));
	g_assert_cmpuint(use.dumps, ==, 1);
}

static void test_what_is_no_store_is_not_counted(struct fixture *fixture,
						 const void *data G_GNUC_UNUSED)
{
	struct store_use use = {0};
	g_autoptr(GError) error = NULL;

	g_assert_true(g_file_set_contents(fixture->root, "", 0, NULL));
	g_assert_false(store_use_read(fixture->store, &use, &error));
	g_assert_nonnull(strstr(error->message, fixture->root));
	g_unlink(fixture->root);
}

/* Sets the time of the dump to 2020. */
static void make_old(struct fixture *fixture, const char *domain, const char *title)
{
	g_autoptr(GPtrArray) entries = store_list(fixture->store, domain, NULL);

	for (guint i = 0; i < entries->len; i++) {
		const struct store_entry *entry = entries->pdata[i];
		g_autofree char *folder = g_path_get_dirname(entry->path);
		g_autofree char *id = g_strconcat("2020", entry->id + 4, NULL);
		g_autofree char *to = g_build_filename(folder, id, NULL);

		if (strcmp(entry->title, title) == 0)
			g_assert_cmpint(g_rename(entry->path, to), ==, 0);
	}
}

static void test_old_dumps_go(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	const struct store_quota quota = {.max_age_days = 30};
	g_autofree char *first = add(fixture, "a", "a1");
	g_autofree char *second = add(fixture, "a", "a2");
	g_autofree char *removed = NULL;
	g_autofree char *again = NULL;

	make_old(fixture, "a", "a1");
	removed = enforce(fixture, &quota);
	g_assert_cmpstr(removed, ==, "a1[max_age_days)] ");
	g_assert_cmpuint(count(fixture, "a"), ==, 1);
	make_old(fixture, "a", "a2");
	again = enforce(fixture, &quota);
	g_assert_cmpstr(again, ==, "");
}

/* What went for its age has made room already. */
static void test_no_more_goes_than_has_to(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	const struct store_quota quota = {.max_age_days = 30, .keep_free = 500 * KIB};
	g_autofree char *removed = NULL;

	add_big(fixture, "a", "a1", 200 * KIB);
	add_big(fixture, "a", "a2", 200 * KIB);
	add_big(fixture, "a", "a3", 200 * KIB);
	make_old(fixture, "a", "a1");
	free_bytes = 400 * KIB;
	removed = enforce(fixture, &quota);
	free_bytes = 0;
	g_assert_cmpstr(removed, ==, "a1[max_age_days)] ");
}

static void test_no_store_is_within_all_limits(struct fixture *fixture,
					       const void *data G_GNUC_UNUSED)
{
	const struct store_quota quota = {1, 1, 1};
	g_autofree char *removed = enforce(fixture, &quota);

	g_assert_cmpstr(removed, ==, "");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*test)(struct fixture *fixture, const void *data);
	} tests[] = {
		{"/store/stored", test_a_dump_is_found_as_it_was_stored},
		{"/store/hidden", test_a_dump_is_not_seen_before_its_commit},
		{"/store/abort", test_an_aborted_dump_leaves_nothing},
		{"/store/leftovers", test_leftovers_of_a_killed_writer_go_with_the_next_dump},
		{"/store/concurrent", test_what_a_living_writer_builds_is_left_alone},
		{"/store/unique-ids", test_ids_are_unique_across_domains_and_in_order},
		{"/store/vacuum", test_vacuum_keeps_the_newest_of_its_domain},
		{"/store/vacuum-and-order", test_the_newest_is_the_last_after_a_vacuum},
		{"/store/the first dump of a boot is the last one of it to be removed",
		 test_the_first_of_a_boot_stays},
		{"/store/the first dump of a title is the last one of it to be removed",
		 test_the_first_of_a_title_stays},
		{"/store/the newest dump is never vacuumed", test_the_newest_stays_whatever_else},
		{"/store/a clock that is set back does not change the order of dumps",
		 test_order_does_not_hang_on_the_clock},
		{"/store/a renamed domain keeps its dumps", test_a_renamed_domain_keeps_its_dumps},
		{"/store/a new domain with an old name starts with no dumps",
		 test_a_new_domain_of_an_old_name_starts_anew},
		{"/store/a name may be longer than a file name",
		 test_a_name_may_be_longer_than_a_file_name},
		{"/store/dumps in directories by name are adopted",
		 test_a_store_by_name_is_adopted},
		{"/store/names", test_domain_names_never_leave_the_root},
		{"/store/references", test_references},
		{"/store/damaged", test_a_damaged_dump_is_listed_without_a_title},
		{"/store/links-and-limits", test_no_link_is_followed_and_no_limit_overrun},
		{"/store/absent", test_a_store_that_is_not_there},
		{"/store/foreign", test_a_root_that_others_can_write_to_is_refused},
		{"/store/pool", test_the_pool_has_what_the_store_has},
		{"/store/missing links in the pool are added", test_the_pool_is_completed},
		{"/store/a changed report is read again", test_a_changed_report_is_read_again},
		{"/store/full", test_a_full_file_system_is_known},
		{"/store/the domain with the largest dumps loses dumps first",
		 test_the_greediest_domain_gives_first},
		{"/store/the newest dump of a domain is not removed", test_the_newest_dump_stays},
		{"/store/old dumps are removed for a new one", test_room_is_made},
		{"/store/the store counts its dumps and bytes", test_what_is_stored_is_counted},
		{"/store/other files are not counted", test_what_is_no_store_is_not_counted},
		{"/store/dumps over the age limit are removed, but not the newest",
		 test_old_dumps_go},
		{"/store/no more dumps are removed than necessary", test_no_more_goes_than_has_to},
		{"/store/a missing store exceeds no limit", test_no_store_is_within_all_limits},
	};

	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].path, struct fixture, NULL, set_up, tests[i].test, tear_down);
	g_test_add_func("/store/fingerprint", test_only_digits_are_a_fingerprint);
	g_test_add_func("/store/json-head", test_json_head);
	return g_test_run();
}
