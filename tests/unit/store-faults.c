/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every system call of a store operation fails once, or the process dies at this call. In every
 * case each visible dump is complete, no other dump is lost, the result of the operation matches
 * its effect, an error names the file, and the next operation works and leaves nothing incomplete.
 *
 * Functions of the same names in this file replace the calls; the libraries use them as well.
 */
#include <dirent.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/store_pool.h"
#include "common/store_repeats.h"
#include "interpose.h"

#define DIES (-1)     /* instead of an errno */
#define DIED 99	      /* exit status of a process that dies */
#define MAX_CALLS 400 /* more than any operation makes */

/* The number of the call that fails, counted from the start of the operation; 0: none. */
static int fails_at, calls, fails_with;
static const char *failed_call;

static bool fails(const char *call)
{
	if (!fails_at || ++calls != fails_at)
		return false;
	failed_call = call;
	if (fails_with == DIES)
		_exit(DIED);
	errno = fails_with;
	return true;
}

/* Defines @name(@parameters), which returns @failure or calls the original with @arguments. */
#define TAKE(type, name, parameters, arguments, failure)                                           \
	type name parameters                                                                       \
	{                                                                                          \
		return fails(#name) ? failure : REAL(name) arguments;                              \
	}

TAKE(int, mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode), -1)
TAKE(int, mkdir, (const char *path, mode_t mode), (path, mode), -1)
TAKE(int, flock, (int fd, int operation), (fd, operation), -1)
TAKE(int, rename, (const char *from, const char *to), (from, to), -1)
TAKE(int, renameat, (int from_dir, const char *from, int to_dir, const char *to),
     (from_dir, from, to_dir, to), -1)
TAKE(int, unlink, (const char *path), (path), -1)
TAKE(int, unlinkat, (int dir, const char *path, int flags), (dir, path, flags), -1)
TAKE(int, link, (const char *from, const char *to), (from, to), -1)
TAKE(int, fstat, (int fd, struct stat *info), (fd, info), -1)
TAKE(int, fstatat, (int dir, const char *path, struct stat *info, int flags),
     (dir, path, info, flags), -1)
TAKE(int, fstatvfs, (int fd, struct statvfs *info), (fd, info), -1)
TAKE(ssize_t, write, (int fd, const void *bytes, size_t length), (fd, bytes, length), -1)
TAKE(ssize_t, read, (int fd, void *bytes, size_t length), (fd, bytes, length), -1)
TAKE(DIR *, fdopendir, (int fd), (fd), NULL)
TAKE(DIR *, opendir, (const char *path), (path), NULL)
TAKE(struct dirent *, readdir, (DIR * dir), (dir), NULL)

static GHashTable *synced; /* inode → inode, or NULL */

int fsync(int fd)
{
	struct stat info;

	if (fails("fsync"))
		return -1;
	if (synced && REAL(fstat)(fd, &info) == 0)
		g_hash_table_add(synced, g_memdup2(&info.st_ino, sizeof(info.st_ino)));
	return REAL(fsync)(fd);
}

INTERPOSE_OPEN(openat, (int dir, const char *path, int flags, ...), fails("openat"), dir, path,
	       flags)
INTERPOSE_OPEN(open, (const char *path, int flags, ...), fails("open"), path, flags)

/* --- a store of four dumps --- */

#define DOMAIN "vm"
#define DOMAIN_UUID "11111111-1111-4111-8111-111111111111"
#define OTHER_UUID "22222222-2222-4222-8222-222222222222"
static const char *const files[] = {"report.txt", "report.json", "core"};
static const char *const contents[] = {"a report\n", "{\"title\":\"t\"}\n", "a core\n"};

static char *root;
static bool told_of_doubt; /* whether the dump written last survives a crash */
static char *newest;	   /* id of the domain's newest dump when the operation began */

/* A dump with all its files that is not yet in the store. */
static struct store_dump *build_dump(struct store *store, const char *domain, GError **error)
{
	const char *uuid = strcmp(domain, DOMAIN) == 0 ? DOMAIN_UUID : OTHER_UUID;
	struct store_dump *dump = store_begin(store, uuid, domain, error);

	if (!dump)
		return NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		int fd = store_dump_create(dump, files[i], error);
		ssize_t length = (ssize_t)strlen(contents[i]);

		if (fd < 0) {
			store_dump_abort(dump);
			return NULL;
		}
		/* Bypasses the functions above: errors of the writer are not the store's. */
		g_assert_cmpint(pwrite(fd, contents[i], (size_t)length, 0), ==, length);
	}
	return dump;
}

static bool write_dump(struct store *store, const char *domain, GError **error)
{
	struct store_dump *dump = build_dump(store, domain, error);

	return dump && store_dump_commit(dump, NULL, error);
}

/* Returns the id of the domain's newest dump other than @number. */
static char *newest_but(struct store *store, guint number)
{
	g_autoptr(GPtrArray) entries = store_list(store, DOMAIN, NULL);
	const struct store_entry *entry;

	g_assert_nonnull(entries);
	g_assert_cmpuint(entries->len, >, number);
	entry = entries->pdata[entries->len - 1 - number];
	return g_strdup(entry->id);
}

static bool add_record(const struct store_entry *entry, GError **error)
{
	const struct store_repeat repeat = {
		.time = "2026-11-22T12:00:00.000000Z", .title = "t", .signal = "oops"};
	guint64 records;

	return store_repeats_add(entry, &repeat, &records, error);
}

static void set_up(void)
{
	g_autoptr(StoreEntry) entry = NULL;
	g_autoptr(Store) store = NULL;

	/* In memory if possible: the test makes hundreds of stores. */
	root = g_strdup(g_access("/dev/shm", W_OK) == 0 ? "/dev/shm/oopsbt-faults-XXXXXX"
							: "/tmp/oopsbt-faults-XXXXXX");
	g_assert_nonnull(g_mkdtemp_full(root, 0700));
	store = store_new(root);
	g_assert_true(write_dump(store, "other", NULL));
	g_assert_true(write_dump(store, DOMAIN, NULL));
	g_assert_true(write_dump(store, DOMAIN, NULL));
	newest = newest_but(store, 0);
	entry = store_find(store, newest, NULL);
	store_publish(store);
	g_assert_true(add_record(entry, NULL));
	g_assert_true(write_dump(store, "other", NULL));
}

static void tear_down(void)
{
	const char *const argv[] = {"rm", "-rf", root, NULL};

	/* With the second flag glib does not use fork(), which is slow with AddressSanitizer. */
	g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL,
				   G_SPAWN_SEARCH_PATH | G_SPAWN_LEAVE_DESCRIPTORS_OPEN, NULL, NULL,
				   NULL, NULL, NULL, NULL));
	g_clear_pointer(&root, g_free);
	g_clear_pointer(&newest, g_free);
}

/* --- the operations --- */

static bool do_write(struct store *store, GError **error)
{
	struct store_dump *dump = build_dump(store, DOMAIN, error);
	g_autoptr(GError) doubt = NULL;

	if (!dump || !store_dump_commit(dump, &doubt, error))
		return false;
	told_of_doubt = doubt != NULL;
	return true;
}

static bool do_vacuum(struct store *store, GError **error)
{
	return store_vacuum(store, DOMAIN_UUID, 1, error);
}

static bool do_remove(struct store *store, GError **error)
{
	struct store_entry *entry = store_find(store, "other", error);
	bool removed = entry && store_remove(store, entry, error);

	if (entry)
		store_entry_free(entry);
	return removed;
}

static bool do_record(struct store *store, GError **error)
{
	g_autoptr(StoreEntry) entry = store_find(store, newest, error);

	return entry && add_record(entry, error);
}

static bool do_list(struct store *store, GError **error)
{
	GPtrArray *entries = store_list(store, NULL, error);

	if (entries)
		g_ptr_array_unref(entries);
	return entries != NULL;
}

/* Tells nothing: the next one repeats what failed. */
static bool do_publish(struct store *store, GError **error G_GNUC_UNUSED)
{
	store_publish(store);
	return true;
}

static const struct operation {
	const char *name;
	bool (*run)(struct store *store, GError **error);
	guint vm, other; /* dumps of each domain after the operation */
	guint vm_at_least;
	guint newer; /* dumps that the operation adds to the domain */
} operations[] = {
	{"write", do_write, 3, 2, 2, 1},   {"vacuum", do_vacuum, 1, 2, 1, 0},
	{"remove", do_remove, 2, 1, 2, 0}, {"record", do_record, 2, 2, 2, 0},
	{"list", do_list, 2, 2, 2, 0},	   {"publish", do_publish, 2, 2, 2, 0},
};

/* --- the checks --- */

static void check_dump(const struct store_entry *entry)
{
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *text = store_read(entry, files[i], 4096, NULL, &error);

		g_assert_no_error(error);
		g_assert_cmpstr(text, ==, contents[i]);
	}
}

/* Returns the number of complete dumps of a domain. */
static guint count(struct store *store, const char *domain)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) entries = store_list(store, domain, &error);

	g_assert_no_error(error);
	for (guint i = 0; i < entries->len; i++)
		check_dump(entries->pdata[i]);
	return entries->len;
}

static guint count_hidden(void)
{
	g_autofree char *path = g_build_filename(root, DOMAIN_UUID, NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;
	guint hidden = 0;

	while (dir && (name = g_dir_read_name(dir)))
		hidden += name[0] == '.';
	return hidden;
}

/* The old records still exist, or one more. */
static void check_records(struct store *store, const struct operation *operation, int status)
{
	g_autoptr(StoreEntry) entry = store_find(store, newest, NULL);

	g_assert_nonnull(entry);
	if (operation->run != do_record || status == 1)
		g_assert_cmpuint(entry->repeats, ==, 1);
	else if (status == 0)
		g_assert_cmpuint(entry->repeats, ==, 2);
	g_assert_true(add_record(entry, NULL));
}

/* Every file of every dump has a link, and there is no other. */
static void check_pool(struct store *store)
{
	g_autoptr(GPtrArray) entries = store_list(store, NULL, NULL);
	g_autofree char *pool = g_build_filename(root, STORE_POOL_DIRECTORY, NULL);
	g_autofree char *index = g_build_filename(pool, STORE_POOL_INDEX, NULL);
	g_autoptr(GDir) dir = g_dir_open(pool, 0, NULL);
	g_autofree char *text = NULL;
	guint others = 0; /* than these links: the index, and the records of one dump */

	g_assert_true(g_file_get_contents(index, &text, NULL, NULL));
	while (g_dir_read_name(dir))
		others++;
	for (guint i = 0; i < entries->len; i++) {
		const struct store_entry *entry = entries->pdata[i];

		g_assert_nonnull(strstr(text, entry->id));
		for (size_t j = 0; j < G_N_ELEMENTS(files); j++) {
			g_autofree char *name = g_strconcat(entry->id, ".", files[j], NULL);
			g_autofree char *link = g_build_filename(pool, name, NULL);

			g_assert_true(g_file_test(link, G_FILE_TEST_IS_REGULAR));
			others--;
		}
	}
	g_assert_cmpuint(others, ==, 2);
}

static void check_store(const struct operation *operation, int status)
{
	g_autoptr(Store) store = store_new(root);
	g_autoptr(GError) error = NULL;
	guint vm = count(store, DOMAIN), other = count(store, "other");

	if (status == 0) {
		g_autofree char *before = newest_but(store, operation->newer);

		g_assert_cmpstr(before, ==, newest); /* a new dump is the newest one */
		g_assert_cmpuint(vm, ==, operation->vm);
		g_assert_cmpuint(other, ==, operation->other);
	}
	check_records(store, operation, status);
	g_assert_cmpuint(vm, >=, operation->vm_at_least);
	g_assert_cmpuint(vm, <=, 3);
	g_assert_cmpuint(other, >=, 1);
	g_assert_cmpuint(other, <=, 2);
	g_assert_true(write_dump(store, DOMAIN, &error));
	g_assert_no_error(error);
	g_assert_cmpuint(count(store, DOMAIN), ==, vm + 1);
	g_assert_cmpuint(count_hidden(), ==, 0);
	store_publish(store);
	check_pool(store);
}

/*
 * Runs in a process of its own. Exit status: 0 success, 1 error, 2 error without a good message, 3
 * no such call.
 */
static void run_with_fault(const struct operation *operation, int at, int with)
{
	g_autoptr(Store) store = store_new(root);
	GError *error = NULL;
	bool done;

	calls = 0;
	fails_with = with;
	fails_at = at;
	done = operation->run(store, &error);
	fails_at = 0;
	if (calls < at)
		_exit(3);
	if (done && operation->run == do_write && !strcmp(failed_call, "fsync") && !told_of_doubt) {
		fprintf(stderr, "call %d (fsync) fails, and nobody hears of it\n", at);
		_exit(2);
	}
	if (done)
		_exit(0);
	if (!error || !strstr(error->message, root)) {
		fprintf(stderr, "%s, call %d (%s) fails with %s: the message is \"%s\"\n",
			operation->name, at, failed_call, g_strerror(with),
			error ? error->message : "");
		_exit(2);
	}
	_exit(1);
}

/* Returns false if the operation makes fewer calls. */
static bool try_fault(const struct operation *operation, int at, int with)
{
	int status;
	pid_t pid;

	set_up();
	pid = fork();
	g_assert_cmpint(pid, >=, 0);
	if (pid == 0)
		run_with_fault(operation, at, with);
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	g_assert_true(WIFEXITED(status));
	status = WEXITSTATUS(status);
	g_test_message("%s, call %d, %s: %d", operation->name, at,
		       with == DIES ? "dies" : g_strerror(with), status);
	g_assert_cmpint(status, !=, 2);
	if (status != 3)
		check_store(operation, status);
	tear_down();
	return status != 3;
}

static void test_operation(gconstpointer data)
{
	static const int faults[] = {
		EIO,
		DIES,
#ifndef __SANITIZE_ADDRESS__ /* it slows down fork() to tens of milliseconds */
		ENOSPC,
		EMFILE,
#endif
	};
	const struct operation *operation = data;

	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
		int at = 1;

		while (at < MAX_CALLS && try_fault(operation, at, faults[i]))
			at++;
		g_assert_cmpint(at, <, MAX_CALLS);
		/* With fewer calls the functions above would not be in use. */
		g_assert_cmpint(at, >, 5);
	}
}

static void assert_synced(const char *path)
{
	struct stat info;

	g_test_message("%s", path);
	g_assert_cmpint(stat(path, &info), ==, 0);
	g_assert_true(g_hash_table_contains(synced, &info.st_ino));
}

/* Its files and all folders that have their names, so that it is there after a crash of the host.
 */
static void test_synced(void)
{
	g_autoptr(GPtrArray) entries = NULL;
	const struct store_entry *entry;
	g_autofree char *domain = NULL;
	struct store *store;

	set_up();
	store = store_new(root);
	synced = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	g_assert_true(write_dump(store, DOMAIN, NULL));
	entries = store_list(store, DOMAIN, NULL);
	entry = entries->pdata[entries->len - 1];
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_build_filename(entry->path, files[i], NULL);

		assert_synced(path);
	}
	assert_synced(entry->path);
	domain = g_path_get_dirname(entry->path);
	assert_synced(domain);
	assert_synced(root);
	g_clear_pointer(&synced, g_hash_table_unref);
	store_free(store);
	tear_down();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store-faults/what is stored is on the disk", test_synced);
	for (size_t i = 0; i < G_N_ELEMENTS(operations); i++) {
		g_autofree char *path = g_strdup_printf("/store-faults/%s", operations[i].name);

		g_test_add_data_func(path, &operations[i], test_operation);
	}
	return g_test_run();
}
