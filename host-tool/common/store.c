/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/read.h"
#include "common/json_head.h"
#include "common/store_id.h"
#include "common/store_keep.h"
#include "common/store_pool.h"

#define BUILDING ".new-"
#define REMOVING ".rm-"

G_DEFINE_QUARK(oopsbt_store_error, store_error)

typedef DIR Dir;
static void close_dir(DIR *dir)
{
	closedir(dir);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Dir, close_dir)

typedef int Descriptor;
static void close_descriptor(int fd)
{
	if (fd >= 0)
		close(fd);
}
G_DEFINE_AUTO_CLEANUP_FREE_FUNC(Descriptor, close_descriptor, -1)

struct store {
	char *root;
};

struct store_dump {
	struct store *store;
	char *domain_name;
	char *id;
	char *path;	   /* hidden */
	Descriptor root;   /* locked only while ids are given out and directories come and go */
	Descriptor domain; /* the domain's directory */
	Descriptor dir;	   /* the hidden directory; locked as long as it is being built */
	GArray *files;	   /* of int */
};

static void G_GNUC_PRINTF(2, 3) set_errno(GError **error, const char *format, ...)
{
	int code = errno;
	enum store_error kind = STORE_ERROR_IO;
	g_autofree char *what = NULL;
	va_list arguments;

	if (code == EACCES || code == EPERM || code == EROFS)
		kind = STORE_ERROR_DENIED;
	else if (code == ENOSPC || code == EDQUOT)
		kind = STORE_ERROR_FULL;
	else if (code == ENOENT)
		kind = STORE_ERROR_NOT_FOUND;
	va_start(arguments, format);
	what = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, STORE_ERROR, kind, "%s: %s", what, g_strerror(code));
}

struct store *store_new(const char *root)
{
	struct store *store = g_new0(struct store, 1);

	store->root = g_strdup(root);
	return store;
}

void store_free(struct store *store)
{
	if (!store)
		return;
	g_free(store->root);
	g_free(store);
}

const char *store_root(const struct store *store)
{
	return store->root;
}

/* --- names --- */

static char *escape_name(const char *name)
{
	GString *escaped = g_string_new(NULL);

	for (const unsigned char *at = (const unsigned char *)name; *at; at++) {
		bool leading_dot = *at == '.' && escaped->len == 0;

		if (*at < 0x20 || *at == 0x7f || *at == '/' || *at == '%' || leading_dot)
			g_string_append_printf(escaped, "%%%02X", *at);
		else
			g_string_append_c(escaped, *at);
	}
	return g_string_free(escaped, FALSE);
}

static char *unescape_name(const char *escaped)
{
	char *name = g_uri_unescape_string(escaped, NULL);

	if (!name)
		name = g_strdup(escaped);
	return name;
}

/* --- directories --- */

static int open_directory_at(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Names in @fd for which @wanted holds; NULL with errno. The descriptor's position is not kept. */
static GPtrArray *read_names(int fd, bool (*wanted)(const char *name))
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(Dir) dir = NULL;
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;

	if (copy < 0)
		return NULL;
	dir = fdopendir(copy);
	if (!dir) {
		close(copy);
		return NULL;
	}
	while ((errno = 0, entry = readdir(dir))) {
		if (wanted(entry->d_name))
			g_ptr_array_add(names, g_strdup(entry->d_name));
	}
	return errno ? NULL : g_steal_pointer(&names);
}

/* Not there, or something else: what may lie in a store beside what it put there. */
static bool is_no_directory(int code)
{
	return code == ENOENT || code == ENOTDIR || code == ELOOP;
}

static bool is_entry(const char *name)
{
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static bool is_domain(const char *name)
{
	return name[0] != '.';
}

static bool is_leftover(const char *name)
{
	return g_str_has_prefix(name, BUILDING) || g_str_has_prefix(name, REMOVING);
}

/* A dump is flat: files and no directories. @path is for the message. */
static bool remove_directory(int parent, const char *name, const char *path, GError **error)
{
	g_auto(Descriptor) fd = open_directory_at(parent, name);
	g_autoptr(GPtrArray) names = fd < 0 ? NULL : read_names(fd, is_entry);

	for (guint i = 0; names && i < names->len; i++)
		unlinkat(fd, names->pdata[i], 0);
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return true;
	set_errno(error, "cannot remove %s", path);
	return false;
}

/* With the root locked. Those that a living process is building are locked by it. */
static void remove_leftovers(int domain)
{
	g_autoptr(GPtrArray) names = read_names(domain, is_leftover);

	for (guint i = 0; names && i < names->len; i++) {
		g_auto(Descriptor) fd = open_directory_at(domain, names->pdata[i]);

		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			remove_directory(domain, names->pdata[i], NULL, NULL);
	}
}

static bool lock_root(int root, const char *path, GError **error)
{
	while (flock(root, LOCK_EX) < 0) {
		if (errno != EINTR) {
			set_errno(error, "cannot lock %s", path);
			return false;
		}
	}
	return true;
}

static bool check_owner(int fd, const char *path, GError **error)
{
	struct stat info;

	if (fstat(fd, &info) < 0) {
		set_errno(error, "cannot look at %s", path);
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
		set_errno(error, "cannot open the dump directory %s", store->root);
	return fd;
}

/* --- writing --- */

static int open_root_for_writing(const struct store *store, GError **error)
{
	g_auto(Descriptor) fd = -1;

	if (g_mkdir_with_parents(store->root, 0700) < 0) {
		set_errno(error, "cannot create the dump directory %s", store->root);
		return -1;
	}
	fd = open_root(store, error);
	if (fd < 0 || !check_owner(fd, store->root, error) || !lock_root(fd, store->root, error))
		return -1;
	return g_steal_fd(&fd);
}

/* The highest number of any id among @names, also of one that is coming or going; 0: there is none.
 */
static guint64 highest_number(GPtrArray *names)
{
	guint64 highest = 0;

	for (guint i = 0; names && i < names->len; i++) {
		const char *id = names->pdata[i];

		if (is_leftover(id))
			id = strchr(id, '-') + 1;
		if (store_id_is_valid(id))
			highest = MAX(highest, store_id_number(id));
	}
	return highest;
}

/* With the root locked: the number after the highest in the store. */
static char *choose_id(int root, const char *path, GError **error)
{
	g_autoptr(GPtrArray) domains = read_names(root, is_domain);
	guint64 number = STORE_ID_FIRST_NUMBER - 1;

	if (!domains) {
		set_errno(error, "cannot read the dump directory %s", path);
		return NULL;
	}
	for (guint i = 0; i < domains->len; i++) {
		g_auto(Descriptor) domain = open_directory_at(root, domains->pdata[i]);
		g_autoptr(GPtrArray) names = NULL;

		if (domain < 0 && is_no_directory(errno))
			continue;
		if (domain >= 0)
			remove_leftovers(domain);
		names = domain < 0 ? NULL : read_names(domain, is_entry);
		if (!names) {
			/* One that is not counted could have the number that is chosen. */
			set_errno(error, "cannot read %s/%s", path,
				  (const char *)domains->pdata[i]);
			return NULL;
		}
		number = MAX(number, highest_number(names));
	}
	return store_id_new(number + 1);
}

static void dump_free(struct store_dump *dump)
{
	for (guint i = 0; i < dump->files->len; i++)
		close(g_array_index(dump->files, int, i));
	g_array_unref(dump->files);
	close_descriptor(dump->dir);
	close_descriptor(dump->domain);
	close_descriptor(dump->root);
	g_free(dump->domain_name);
	g_free(dump->id);
	g_free(dump->path);
	g_free(dump);
}

static bool begin(struct store_dump *dump, GError **error)
{
	g_autofree char *escaped = escape_name(dump->domain_name);
	g_autofree char *domain_path = g_build_filename(dump->store->root, escaped, NULL);
	g_autofree char *hidden = NULL;

	dump->root = open_root_for_writing(dump->store, error);
	if (dump->root < 0)
		return false;
	dump->id = choose_id(dump->root, dump->store->root, error);
	if (!dump->id)
		return false;
	hidden = g_strconcat(BUILDING, dump->id, NULL);
	dump->path = g_build_filename(domain_path, hidden, NULL);

	if (mkdirat(dump->root, escaped, 0700) < 0 && errno != EEXIST) {
		set_errno(error, "cannot create %s", domain_path);
		return false;
	}
	dump->domain = open_directory_at(dump->root, escaped);
	if (dump->domain < 0) {
		set_errno(error, "cannot open %s", domain_path);
		return false;
	}
	if (!check_owner(dump->domain, domain_path, error))
		return false;
	if (mkdirat(dump->domain, hidden, 0700) < 0) {
		set_errno(error, "cannot create %s", dump->path);
		return false;
	}
	dump->dir = open_directory_at(dump->domain, hidden);
	if (dump->dir < 0 || flock(dump->dir, LOCK_EX | LOCK_NB) < 0) {
		set_errno(error, "cannot open %s", dump->path);
		return false;
	}
	flock(dump->root, LOCK_UN);
	return true;
}

struct store_dump *store_begin(struct store *store, const char *domain_name, GError **error)
{
	struct store_dump *dump = g_new0(struct store_dump, 1);

	dump->store = store;
	dump->domain_name = g_strdup(domain_name);
	dump->files = g_array_new(FALSE, FALSE, sizeof(int));
	dump->root = dump->domain = dump->dir = -1;
	if (!begin(dump, error)) {
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
		set_errno(error, "cannot create %s/%s", dump->path, file_name);
		return -1;
	}
	g_array_append_val(dump->files, fd);
	return fd;
}

bool store_dump_reserve(struct store_dump *dump, uint64_t free_bytes, GError **error)
{
	struct statvfs info;
	uint64_t available;

	if (fstatvfs(dump->dir, &info) < 0) {
		set_errno(error, "cannot look at the file system of %s", dump->store->root);
		return false;
	}
	available = (uint64_t)info.f_bavail * info.f_frsize;
	if (available < free_bytes) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_FULL,
			    "%s has %" PRIu64 " MiB free, a dump may need %" PRIu64 " MiB",
			    dump->store->root, available >> 20, free_bytes >> 20);
		return false;
	}
	return true;
}

static void close_pointed(void *fd)
{
	close(*(int *)fd);
}

/*
 * Those of others too: libvirtd writes a vmcore. All are sent to the disk before the first is
 * waited for: that one's fsync() then commits what the others need as well.
 */
static bool sync_files(const struct store_dump *dump, GError **error)
{
	g_autoptr(GPtrArray) names = read_names(dump->dir, is_entry);
	g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));

	if (!names) {
		set_errno(error, "cannot read %s", dump->path);
		return false;
	}
	g_array_set_clear_func(fds, close_pointed);
	for (guint i = 0; i < names->len; i++) {
		int fd = openat(dump->dir, names->pdata[i],
				O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

		if (fd >= 0)
			g_array_append_val(fds, fd);
		if (fd < 0 || fchmod(fd, 0600) < 0) {
			set_errno(error, "cannot store %s/%s", dump->path,
				  (const char *)names->pdata[i]);
			return false;
		}
		sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	}
	for (guint i = 0; i < fds->len; i++) {
		if (fsync(g_array_index(fds, int, i)) < 0) {
			set_errno(error, "cannot store %s/%s", dump->path,
				  (const char *)names->pdata[i]);
			return false;
		}
	}
	return true;
}

bool store_dump_commit(struct store_dump *dump, GError **error)
{
	g_autofree char *hidden = g_strconcat(BUILDING, dump->id, NULL);

	if (!sync_files(dump, error)) {
		store_dump_abort(dump);
		return false;
	}
	if (fsync(dump->dir) < 0 || renameat(dump->domain, hidden, dump->domain, dump->id) < 0) {
		set_errno(error, "cannot store %s", dump->path);
		store_dump_abort(dump);
		return false;
	}
	/* The dump is there; what is left makes its name survive a crash of the host. */
	fsync(dump->domain);
	fsync(dump->root);
	dump_free(dump);
	return true;
}

static void remove_empty_domain(int root, const char *domain_name)
{
	g_autofree char *escaped = escape_name(domain_name);

	if (lock_root(root, "", NULL)) {
		unlinkat(root, escaped, AT_REMOVEDIR);
		flock(root, LOCK_UN);
	}
}

void store_dump_abort(struct store_dump *dump)
{
	g_autofree char *hidden = NULL;

	if (!dump)
		return;
	hidden = g_strconcat(BUILDING, dump->id, NULL);
	remove_directory(dump->domain, hidden, NULL, NULL);
	remove_empty_domain(dump->root, dump->domain_name);
	dump_free(dump);
}

static bool remove_entry(struct store *store, const struct store_entry *entry, GError **error)
{
	g_autofree char *escaped = escape_name(entry->domain);
	g_autofree char *hidden = g_strconcat(REMOVING, entry->id, NULL);
	g_auto(Descriptor) root = open_root(store, error);
	g_auto(Descriptor) domain = -1;

	if (root < 0)
		return false;
	domain = open_directory_at(root, escaped);
	if (domain < 0 || renameat(domain, entry->id, domain, hidden) < 0) {
		set_errno(error, "cannot remove %s", entry->path);
		return false;
	}
	if (!remove_directory(domain, hidden, entry->path, error))
		return false;
	remove_empty_domain(root, entry->domain);
	return true;
}

/* The root's own lock is for shorter things. */
void store_publish(struct store *store)
{
	g_autoptr(GPtrArray) entries = NULL;
	int lock = store_pool_lock(store_root(store));

	if (lock < 0)
		return;
	entries = store_list(store, NULL, NULL);
	if (entries)
		store_pool_fill(store_root(store), entries);
	store_pool_unlock(lock);
}

bool store_vacuum(struct store *store, const char *domain_name, unsigned int keep, GError **error)
{
	g_autoptr(GPtrArray) entries = store_list(store, domain_name, error);
	bool removed = entries != NULL;

	while (removed && entries->len > keep) {
		int index = store_keep_choose(entries);

		if (index < 0)
			break;
		removed = remove_entry(store, entries->pdata[index], error);
		g_ptr_array_remove_index(entries, (guint)index);
	}
	store_publish(store);
	return removed;
}

bool store_remove(struct store *store, const struct store_entry *entry, GError **error)
{
	if (!remove_entry(store, entry, error))
		return false;
	store_publish(store);
	return true;
}

/* --- reading --- */

void store_entry_free(struct store_entry *entry)
{
	if (!entry)
		return;
	g_free(entry->domain);
	g_free(entry->id);
	g_free(entry->path);
	g_free(entry->title);
	g_free(entry->signalled);
	g_free(entry->signal);
	g_free(entry->kernel);
	g_free(entry);
}

/* What is wanted of the beginning of a report.json. */
enum head {
	HEAD_TITLE,
	HEAD_SIGNAL,
	HEAD_SIGNALLED,
	HEAD_BUILD_ID,
	HEAD_KASLR_OFFSET,
	HEAD_DIE_COUNTER,
	HEAD_UPTIME,
	NUM_HEADS,
};

static gint64 number_or_none(const char *text)
{
	gint64 number;

	return text && g_ascii_string_to_signed(text, 10, 0, G_MAXINT64, &number, NULL) ? number
											: -1;
}

static void take_head(struct store_entry *entry, char **values)
{
	entry->title = g_steal_pointer(&values[HEAD_TITLE]);
	entry->signal = g_steal_pointer(&values[HEAD_SIGNAL]);
	entry->signalled = g_steal_pointer(&values[HEAD_SIGNALLED]);
	if (values[HEAD_BUILD_ID] || values[HEAD_KASLR_OFFSET])
		entry->kernel = g_strdup_printf(
			"%s+%s", values[HEAD_BUILD_ID] ? values[HEAD_BUILD_ID] : "?",
			values[HEAD_KASLR_OFFSET] ? values[HEAD_KASLR_OFFSET] : "?");
	entry->die_counter = number_or_none(values[HEAD_DIE_COUNTER]);
	entry->uptime_s = number_or_none(values[HEAD_UPTIME]);
	for (size_t i = 0; i < NUM_HEADS; i++)
		g_free(values[i]);
}

static void read_head(int dump, struct store_entry *entry)
{
	static const char *const paths[NUM_HEADS + 1] = {
		[HEAD_TITLE] = "title",
		[HEAD_SIGNAL] = "signal",
		[HEAD_SIGNALLED] = "timeline.signalled",
		[HEAD_BUILD_ID] = "guest.build_id",
		[HEAD_KASLR_OFFSET] = "guest.kaslr_offset",
		[HEAD_DIE_COUNTER] = "guest.die_counter",
		[HEAD_UPTIME] = "guest.uptime_s",
	};
	char *values[NUM_HEADS];
	g_auto(Descriptor) fd = openat(dump, "report.json", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat info;
	void *text;

	entry->die_counter = entry->uptime_s = -1;
	if (fd < 0 || fstat(fd, &info) < 0 || !S_ISREG(info.st_mode) || info.st_size == 0)
		return;
	text = mmap(NULL, info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return;
	if (json_head_strings(text, info.st_size, paths, values))
		take_head(entry, values);
	munmap(text, info.st_size);
}

static struct store_entry *read_entry(const struct store *store, int domain, const char *escaped,
				      const char *id)
{
	g_auto(Descriptor) dump = open_directory_at(domain, id);
	struct store_entry *entry;

	if (dump < 0)
		return NULL;
	entry = g_new0(struct store_entry, 1);
	entry->domain = unescape_name(escaped);
	entry->id = g_strdup(id);
	entry->path = g_build_filename(store->root, escaped, id, NULL);
	entry->vmcore = faccessat(dump, "vmcore", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	read_head(dump, entry);
	return entry;
}

/*
 * What vanishes while it is read was removed by someone else and is no error. What cannot be read
 * is one: who lists, and who keeps some of them, must not take the rest for all.
 */
static bool list_domain(const struct store *store, int root, const char *escaped,
			GPtrArray *entries, GError **error)
{
	g_auto(Descriptor) domain = open_directory_at(root, escaped);
	g_autoptr(GPtrArray) ids = NULL;

	if (domain < 0 && is_no_directory(errno))
		return true;
	ids = domain < 0 ? NULL : read_names(domain, store_id_is_valid);
	if (!ids) {
		set_errno(error, "cannot read %s/%s", store->root, escaped);
		return false;
	}
	for (guint i = 0; i < ids->len; i++) {
		struct store_entry *entry = read_entry(store, domain, escaped, ids->pdata[i]);

		if (entry) {
			g_ptr_array_add(entries, entry);
		} else if (!is_no_directory(errno)) {
			set_errno(error, "cannot read %s/%s/%s", store->root, escaped,
				  (const char *)ids->pdata[i]);
			return false;
		}
	}
	return true;
}

static int compare_entries(const void *a, const void *b)
{
	const struct store_entry *left = *(struct store_entry *const *)a;
	const struct store_entry *right = *(struct store_entry *const *)b;
	int order = store_id_compare(left->id, right->id);

	return order ? order : strcmp(left->domain, right->domain);
}

GPtrArray *store_list(struct store *store, const char *domain_name, GError **error)
{
	g_autoptr(GPtrArray) entries =
		g_ptr_array_new_with_free_func((GDestroyNotify)store_entry_free);
	g_autoptr(GPtrArray) domains = NULL;
	g_auto(Descriptor) root = open_root(store, error);

	if (root < 0)
		return NULL;
	if (domain_name) {
		domains = g_ptr_array_new_with_free_func(g_free);
		g_ptr_array_add(domains, escape_name(domain_name));
	} else {
		domains = read_names(root, is_domain);
	}
	if (!domains) {
		set_errno(error, "cannot read the dump directory %s", store->root);
		return NULL;
	}
	for (guint i = 0; i < domains->len; i++) {
		if (!list_domain(store, root, domains->pdata[i], entries, error))
			return NULL;
	}
	g_ptr_array_sort(entries, compare_entries);
	return g_steal_pointer(&entries);
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

		if (strcmp(entry->domain, domain_name) == 0)
			return steal_entry(entries, i);
	}
	return NULL;
}

static bool is_of_domain(const struct store_entry *entry, const char *domain_name)
{
	return !domain_name || strcmp(entry->domain, domain_name) == 0;
}

/* An exact id, or one that begins with @prefix if there is only one. */
static struct store_entry *pick_id(GPtrArray *entries, const char *domain_name, const char *prefix,
				   guint *matches)
{
	guint found = 0;

	*matches = 0;
	for (guint i = 0; i < entries->len; i++) {
		const struct store_entry *entry = entries->pdata[i];

		if (!is_of_domain(entry, domain_name) || !g_str_has_prefix(entry->id, prefix))
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
		set_errno(error, "cannot read %s", path);
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
		set_errno(error, "cannot read %s", path);
		return NULL;
	}
	text[done] = '\0';
	if (length)
		*length = done;
	return g_steal_pointer(&text);
}
