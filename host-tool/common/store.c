/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/read.h"
#include "common/store_catalogue.h"
#include "common/store_directory.h"
#include "common/store_domain.h"
#include "common/store_id.h"
#include "common/store_keep.h"
#include "common/store_pool.h"

G_DEFINE_QUARK(oopsbt_store_error, store_error)

struct store {
	char *root;
	struct store_catalogue *catalogue;
	struct store_pool *pool;
	int adopted; /* atomic: old directories were adopted */
};

struct store_dump {
	struct store *store;
	char *uuid; /* of its domain */
	char *id;
	char *path; /* hidden */
	Descriptor
		root; /* locked only while ids are assigned and directories are made or removed */
	Descriptor domain; /* the domain's directory */
	Descriptor dir;	   /* the hidden directory; locked while the dump is built */
	GArray *files;	   /* of int */
};

struct store *store_new(const char *root)
{
	struct store *store = g_new0(struct store, 1);

	store->root = g_strdup(root);
	store->catalogue = store_catalogue_new(root);
	store->pool = store_pool_new(root);
	return store;
}

void store_free(struct store *store)
{
	if (!store)
		return;
	store_catalogue_free(store->catalogue);
	store_pool_free(store->pool);
	g_free(store->root);
	g_free(store);
}

const char *store_root(const struct store *store)
{
	return store->root;
}

/* --- directories --- */

static bool is_leftover(const char *name)
{
	return store_id_hidden(name) != NULL;
}

/* The root must be locked. A living process has its directories locked. */
static void remove_leftovers(int domain)
{
	g_autoptr(GPtrArray) names = store_directory_names(domain, is_leftover);

	for (guint i = 0; names && i < names->len; i++) {
		g_auto(Descriptor) fd = store_directory_open(domain, names->pdata[i]);

		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			store_directory_remove(domain, names->pdata[i], NULL, NULL);
	}
}

static bool lock_root(int root, const char *path, GError **error)
{
	while (flock(root, LOCK_EX) < 0) {
		if (errno != EINTR) {
			store_set_errno(error, "cannot lock %s", path);
			return false;
		}
	}
	return true;
}

static bool check_owner(int fd, const char *path, GError **error)
{
	struct stat info;

	if (fstat(fd, &info) < 0) {
		store_set_errno(error, "cannot look at %s", path);
		return false;
	}
	if (info.st_uid != geteuid()) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_DENIED,
			    "%s belongs to user %u, not to user %u who would write there", path,
			    info.st_uid, geteuid());
		return false;
	}
	if (info.st_mode & (S_IWGRP | S_IWOTH)) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_DENIED,
			    "%s can be written by other users (mode %04o); make it 0700", path,
			    info.st_mode & 07777);
		return false;
	}
	return true;
}

static int open_root(const struct store *store, GError **error)
{
	int fd = open(store->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		store_set_errno(error, "cannot open the dump directory %s", store->root);
	return fd;
}

/* --- writing --- */

static int open_root_for_writing(struct store *store, GError **error)
{
	g_auto(Descriptor) fd = -1;

	if (g_mkdir_with_parents(store->root, 0700) < 0) {
		store_set_errno(error, "cannot create the dump directory %s", store->root);
		return -1;
	}
	fd = open_root(store, error);
	if (fd < 0 || !check_owner(fd, store->root, error) || !lock_root(fd, store->root, error))
		return -1;
	if (g_atomic_int_compare_and_exchange(&store->adopted, 0, 1))
		store_domain_adopt_all(fd, store->root);
	return g_steal_fd(&fd);
}

/* The root must be locked. Uses the number after the highest in the store. */
static char *choose_id(struct store *store, int root, GError **error)
{
	g_autoptr(GPtrArray) littered = NULL;
	guint64 highest;

	if (!store_catalogue_survey(store->catalogue, root, &highest, &littered, error))
		return NULL;
	for (guint i = 0; i < littered->len; i++) {
		g_auto(Descriptor) domain = store_directory_open(root, littered->pdata[i]);

		if (domain >= 0)
			remove_leftovers(domain);
	}
	return store_id_new(MAX(highest + 1, STORE_ID_FIRST_NUMBER));
}

static void dump_free(struct store_dump *dump)
{
	for (guint i = 0; i < dump->files->len; i++)
		close(g_array_index(dump->files, int, i));
	g_array_unref(dump->files);
	store_directory_close(dump->dir);
	store_directory_close(dump->domain);
	store_directory_close(dump->root);
	g_free(dump->uuid);
	g_free(dump->id);
	g_free(dump->path);
	g_free(dump);
}

static bool begin(struct store_dump *dump, const char *name, GError **error)
{
	g_autofree char *domain_path = g_build_filename(dump->store->root, dump->uuid, NULL);
	g_autofree char *hidden = NULL;

	dump->root = open_root_for_writing(dump->store, error);
	if (dump->root < 0)
		return false;
	dump->id = choose_id(dump->store, dump->root, error);
	if (!dump->id)
		return false;
	hidden = g_strconcat(STORE_ID_BUILDING, dump->id, NULL);
	dump->path = g_build_filename(domain_path, hidden, NULL);

	dump->domain = store_domain_make(dump->root, dump->store->root, dump->uuid, name, error);
	if (dump->domain < 0)
		return false;
	if (!check_owner(dump->domain, domain_path, error))
		return false;
	if (mkdirat(dump->domain, hidden, 0700) < 0) {
		store_set_errno(error, "cannot create %s", dump->path);
		return false;
	}
	dump->dir = store_directory_open(dump->domain, hidden);
	if (dump->dir < 0 || flock(dump->dir, LOCK_EX | LOCK_NB) < 0) {
		store_set_errno(error, "cannot open %s", dump->path);
		return false;
	}
	flock(dump->root, LOCK_UN);
	return true;
}

struct store_dump *store_begin(struct store *store, const char *uuid, const char *name,
			       GError **error)
{
	struct store_dump *dump = g_new0(struct store_dump, 1);

	dump->store = store;
	dump->uuid = g_strdup(uuid);
	dump->files = g_array_new(FALSE, FALSE, sizeof(int));
	dump->root = dump->domain = dump->dir = -1;
	if (!begin(dump, name, error)) {
		dump_free(dump);
		return NULL;
	}
	return dump;
}

const char *store_dump_id(const struct store_dump *dump)
{
	return dump->id;
}

const char *store_dump_path(const struct store_dump *dump)
{
	return dump->path;
}

int store_dump_create(struct store_dump *dump, const char *file_name, GError **error)
{
	int fd = openat(dump->dir, file_name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);

	if (fd < 0) {
		store_set_errno(error, "cannot create %s/%s", dump->path, file_name);
		return -1;
	}
	g_array_append_val(dump->files, fd);
	return fd;
}

bool store_has_room(const struct store *store, uint64_t free_bytes, GError **error)
{
	struct statvfs info;
	uint64_t available;

	if (statvfs(store->root, &info) < 0) {
		/*
		 * Nothing was stored yet: store_begin() creates the directory or reports an error.
		 */
		if (errno == ENOENT)
			return true;
		store_set_errno(error, "cannot look at the file system of %s", store->root);
		return false;
	}
	available = (uint64_t)info.f_bavail * info.f_frsize;
	if (available < free_bytes) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_FULL,
			    "%s has %" PRIu64 " MiB free, a dump may need %" PRIu64 " MiB",
			    store->root, available >> 20, free_bytes >> 20);
		return false;
	}
	return true;
}

static void close_pointed(void *fd)
{
	close(*(int *)fd);
}

/*
 * Includes files of others: libvirtd writes the vmcore. Starts writeback of all files before it
 * waits for the first: one fsync() then commits data of the others as well.
 */
static bool sync_files(const struct store_dump *dump, GError **error)
{
	g_autoptr(GPtrArray) names = store_directory_names(dump->dir, NULL);
	g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));

	if (!names) {
		store_set_errno(error, "cannot read %s", dump->path);
		return false;
	}
	g_array_set_clear_func(fds, close_pointed);
	for (guint i = 0; i < names->len; i++) {
		int fd = openat(dump->dir, names->pdata[i],
				O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

		if (fd >= 0)
			g_array_append_val(fds, fd);
		if (fd < 0 || fchmod(fd, 0600) < 0) {
			store_set_errno(error, "cannot store %s/%s", dump->path,
					(const char *)names->pdata[i]);
			return false;
		}
		sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	}
	for (guint i = 0; i < fds->len; i++) {
		if (fsync(g_array_index(fds, int, i)) < 0) {
			store_set_errno(error, "cannot store %s/%s", dump->path,
					(const char *)names->pdata[i]);
			return false;
		}
	}
	return true;
}

bool store_dump_commit(struct store_dump *dump, GError **doubt, GError **error)
{
	g_autofree char *hidden = g_strconcat(STORE_ID_BUILDING, dump->id, NULL);

	if (!sync_files(dump, error)) {
		store_dump_abort(dump);
		return false;
	}
	if (fsync(dump->dir) < 0 || renameat(dump->domain, hidden, dump->domain, dump->id) < 0) {
		store_set_errno(error, "cannot store %s", dump->path);
		store_dump_abort(dump);
		return false;
	}
	/* The dump exists; these calls make its name survive a crash of the host. */
	if (fsync(dump->domain) < 0 || fsync(dump->root) < 0)
		store_set_errno(doubt, "%s/%s may be lost if the host crashes", dump->uuid,
				dump->id);
	dump_free(dump);
	return true;
}

static void remove_empty_domain(int root, const char *directory)
{
	if (lock_root(root, "", NULL)) {
		store_domain_remove_empty(root, directory);
		flock(root, LOCK_UN);
	}
}

void store_dump_abort(struct store_dump *dump)
{
	g_autofree char *hidden = NULL;

	if (!dump)
		return;
	hidden = g_strconcat(STORE_ID_BUILDING, dump->id, NULL);
	store_directory_remove(dump->domain, hidden, NULL, NULL);
	remove_empty_domain(dump->root, dump->uuid);
	dump_free(dump);
}

bool store_remove(struct store *store, const struct store_entry *entry, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(entry->path);
	g_autofree char *directory = g_path_get_basename(parent);
	g_autofree char *hidden = g_strconcat(STORE_ID_REMOVING, entry->id, NULL);
	g_auto(Descriptor) root = open_root(store, error);
	g_auto(Descriptor) domain = -1;

	if (root < 0)
		return false;
	domain = store_directory_open(root, directory);
	if (domain < 0 || renameat(domain, entry->id, domain, hidden) < 0) {
		store_set_errno(error, "cannot remove %s", entry->path);
		return false;
	}
	if (!store_directory_remove(domain, hidden, entry->path, error))
		return false;
	remove_empty_domain(root, directory);
	return true;
}

/* Does not use the root's lock, which is for short operations. */
void store_publish(struct store *store)
{
	g_autoptr(GPtrArray) entries = NULL;

	if (!store_pool_lock(store->pool))
		return;
	entries = store_list(store, NULL, NULL);
	if (entries)
		store_pool_fill(store->pool, entries);
	store_pool_unlock(store->pool);
}

/* False also if it cannot be read. */
static bool has_at_most(const struct store *store, const char *uuid, unsigned int keep)
{
	g_autofree char *path = g_build_filename(store->root, uuid, NULL);
	g_auto(Descriptor) domain = store_directory_open(AT_FDCWD, path);
	g_autoptr(GPtrArray) ids =
		domain < 0 ? NULL : store_directory_names(domain, store_id_is_valid);

	return ids && ids->len <= keep;
}

bool store_vacuum(struct store *store, const char *uuid, unsigned int keep, GError **error)
{
	g_autoptr(GPtrArray) entries = NULL;
	bool removed = true;

	if (has_at_most(store, uuid, keep))
		return true;
	entries = store_list(store, uuid, error);
	if (!entries)
		return false;
	while (removed && entries->len > keep) {
		int index = store_keep_choose(entries);

		if (index < 0)
			break;
		removed = store_remove(store, entries->pdata[index], error);
		g_ptr_array_remove_index(entries, (guint)index);
	}
	return removed;
}

bool store_rename(struct store *store, const char *uuid, const char *name, GError **error)
{
	g_auto(Descriptor) root = -1;
	g_auto(Descriptor) domain = -1;

	if (!g_file_test(store->root, G_FILE_TEST_IS_DIR))
		return true;
	root = open_root_for_writing(store, error);
	if (root < 0)
		return false;
	domain = store_directory_open(root, uuid);
	if (domain < 0)
		return true;
	store_directory_close(domain);
	domain = store_domain_make(root, store->root, uuid, name, error);
	return domain >= 0;
}

/* --- reading --- */

GPtrArray *store_list(struct store *store, const char *wanted, GError **error)
{
	g_auto(Descriptor) root = open_root(store, error);

	return root < 0 ? NULL : store_catalogue_list(store->catalogue, root, wanted, error);
}

static struct store_entry *steal_entry(GPtrArray *entries, guint index)
{
	return g_ptr_array_steal_index(entries, index);
}

/* The newest dump of a domain, or NULL. */
static struct store_entry *pick_newest(GPtrArray *entries, const char *domain_name)
{
	for (guint i = entries->len; i-- > 0;) {
		const struct store_entry *entry = entries->pdata[i];

		if (store_entry_is_of(entry, domain_name))
			return steal_entry(entries, i);
	}
	return NULL;
}

/* The dump with this id, or the only one whose id begins with @prefix. */
static struct store_entry *pick_id(GPtrArray *entries, const char *domain_name, const char *prefix,
				   guint *matches)
{
	guint found = 0;

	*matches = 0;
	for (guint i = 0; i < entries->len; i++) {
		const struct store_entry *entry = entries->pdata[i];

		if ((domain_name && !store_entry_is_of(entry, domain_name)) ||
		    !g_str_has_prefix(entry->id, prefix))
			continue;
		found = i;
		if (strcmp(entry->id, prefix) == 0) {
			*matches = 1;
			break;
		}
		++*matches;
	}
	return *matches == 1 ? steal_entry(entries, found) : NULL;
}

struct store_entry *store_pick(GPtrArray *entries, const char *reference, GError **error)
{
	const char *slash = strrchr(reference, '/');
	g_autofree char *domain_name = slash ? g_strndup(reference, slash - reference) : NULL;
	struct store_entry *entry = NULL;
	guint matches = 0;

	if (!*reference) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "the dump's id is empty");
		return NULL;
	}
	if (!store_id_is_valid(reference))
		entry = pick_newest(entries, reference);
	if (!entry)
		entry = pick_id(entries, NULL, reference, &matches);
	if (!entry && matches == 0 && slash && slash[1])
		entry = pick_id(entries, domain_name, slash + 1, &matches);
	if (!entry && matches > 1)
		g_set_error(error, STORE_ERROR, STORE_ERROR_AMBIGUOUS,
			    "'%s' fits %u dumps; give more of the id", reference, matches);
	else if (!entry)
		g_set_error(error, STORE_ERROR, STORE_ERROR_NOT_FOUND,
			    "there is no dump and no domain with dumps '%s'", reference);
	return entry;
}

struct store_entry *store_find(struct store *store, const char *reference, GError **error)
{
	g_autoptr(GPtrArray) entries = store_list(store, NULL, error);

	return entries ? store_pick(entries, reference, error) : NULL;
}

char *store_read(const struct store_entry *entry, const char *file_name, size_t max_bytes,
		 size_t *length, GError **error)
{
	g_autofree char *path = g_build_filename(entry->path, file_name, NULL);
	g_auto(Descriptor) fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	g_autofree char *text = NULL;
	struct stat info;
	size_t done;

	if (fd < 0 || fstat(fd, &info) < 0) {
		store_set_errno(error, "cannot read %s", path);
		return NULL;
	}
	if (!S_ISREG(info.st_mode) || (uint64_t)info.st_size > max_bytes) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_DAMAGED,
			    "%s is damaged: it is not a file of at most %zu bytes", path,
			    max_bytes);
		return NULL;
	}
	text = g_malloc(info.st_size + 1);
	done = read_at(fd, 0, text, (size_t)info.st_size);
	if (done < (size_t)info.st_size && errno) {
		store_set_errno(error, "cannot read %s", path);
		return NULL;
	}
	text[done] = '\0';
	if (length)
		*length = done;
	return g_steal_pointer(&text);
}
