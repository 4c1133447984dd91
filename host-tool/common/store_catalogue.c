/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/store_catalogue.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/store.h"
#include "common/store_directory.h"
#include "common/store_domain.h"
#include "common/store_id.h"

/* At least the step of a file system's times; some count seconds. */
#define STEP_S 2

/* A directory when it was read. */
struct stamp {
	struct stat info;
	bool settled; /* a later change would have another time */
};

struct dump {
	struct store_entry *entry; /* NULL: not read */
	struct stamp stamp;
	bool current; /* nothing has changed since the domain's directory was read */
};

struct folder {
	struct stamp stamp;
	char *name;	   /* of the domain; NULL: it has no name file */
	GHashTable *dumps; /* id -> struct dump */
	guint64 highest;   /* number of any id, 0: none */
	bool littered;	   /* has dumps that are being built or removed */
	guint64 reading;   /* differs for each time that it was read */
	guint64 look;	   /* the last that saw it */
};

struct store_catalogue {
	char *path;
	GMutex mutex;	     /* for the following; not held while a dump is read */
	GHashTable *folders; /* directory -> struct folder */
	guint64 looks, readings;
};

static void dump_free(void *data)
{
	struct dump *dump = data;

	store_entry_free(dump->entry);
	g_free(dump);
}

static void folder_free(void *data)
{
	struct folder *folder = data;

	g_free(folder->name);
	g_hash_table_unref(folder->dumps);
	g_free(folder);
}

static GHashTable *new_dumps(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, dump_free);
}

struct store_catalogue *store_catalogue_new(const char *path)
{
	struct store_catalogue *catalogue = g_new0(struct store_catalogue, 1);

	catalogue->path = g_strdup(path);
	g_mutex_init(&catalogue->mutex);
	catalogue->folders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, folder_free);
	return catalogue;
}

void store_catalogue_free(struct store_catalogue *catalogue)
{
	if (!catalogue)
		return;
	g_hash_table_unref(catalogue->folders);
	g_mutex_clear(&catalogue->mutex);
	g_free(catalogue->path);
	g_free(catalogue);
}

/* --- stamps --- */

/* Take the time before the look, so that a change after the look has a later time. */
static struct timespec time_of_files(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return now;
}

/* A time in the future is as good: the clock was set back, and a change would have its time. */
static struct stamp stamp_of(const struct stat *info, const struct timespec *now)
{
	gint64 age_s = (gint64)now->tv_sec - (gint64)info->st_ctim.tv_sec;

	return (struct stamp){*info, age_s > STEP_S || age_s < -STEP_S};
}

static bool is_unchanged(const struct stamp *stamp, const struct stat *info)
{
	const struct stat *before = &stamp->info;

	return stamp->settled && before->st_dev == info->st_dev && before->st_ino == info->st_ino &&
	       before->st_nlink == info->st_nlink && before->st_size == info->st_size &&
	       before->st_ctim.tv_sec == info->st_ctim.tv_sec &&
	       before->st_ctim.tv_nsec == info->st_ctim.tv_nsec;
}

/* --- directories of domains; the catalogue is locked --- */

static bool cannot_read(const struct store_catalogue *catalogue, const char *directory,
			const char *id, GError **error)
{
	store_set_errno(error, "cannot read %s/%s%s%s", catalogue->path, directory, id ? "/" : "",
			id ? id : "");
	return false;
}

static void count_name(struct folder *folder, const char *id)
{
	folder->highest = MAX(folder->highest, store_id_number(id));
}

/* Keeps the known dumps among @names. */
static void take_names(struct folder *folder, const GPtrArray *names)
{
	g_autoptr(GHashTable) before = folder->dumps;

	folder->dumps = new_dumps();
	folder->highest = 0;
	folder->littered = false;
	for (guint i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];
		const char *hidden = store_id_hidden(name);
		void *id = NULL, *dump = NULL;

		if (hidden) {
			count_name(folder, hidden);
			folder->littered = true;
		}
		if (!store_id_is_valid(name))
			continue;
		count_name(folder, name);
		if (!g_hash_table_steal_extended(before, name, &id, &dump)) {
			id = g_strdup(name);
			dump = g_new0(struct dump, 1);
		}
		((struct dump *)dump)->current = false;
		g_hash_table_insert(folder->dumps, id, dump);
	}
}

/* An entry has the domain's name. */
static void take_name(struct folder *folder, char *name)
{
	if (g_strcmp0(folder->name, name) != 0) {
		g_hash_table_unref(folder->dumps);
		folder->dumps = new_dumps();
	}
	g_free(folder->name);
	folder->name = name;
}

/* False with errno: it cannot be read. */
static bool read_folder(struct store_catalogue *catalogue, int root, const char *directory,
			struct folder *folder)
{
	struct timespec now = time_of_files();
	g_auto(Descriptor) domain = store_directory_open(root, directory);
	g_autoptr(GPtrArray) names = NULL;
	struct stat info;
	char *name;

	if (domain < 0 || fstat(domain, &info) < 0 || !store_domain_name(domain, directory, &name))
		return false;
	take_name(folder, name);
	names = store_directory_names(domain, NULL);
	if (!names)
		return false;
	take_names(folder, names);
	folder->stamp = stamp_of(&info, &now);
	folder->reading = ++catalogue->readings;
	return true;
}

static struct folder *get_folder(struct store_catalogue *catalogue, const char *directory)
{
	struct folder *folder = g_hash_table_lookup(catalogue->folders, directory);

	if (!folder) {
		folder = g_new0(struct folder, 1);
		folder->dumps = new_dumps();
		g_hash_table_insert(catalogue->folders, g_strdup(directory), folder);
	}
	return folder;
}

static bool look_at_folder(struct store_catalogue *catalogue, int root, const char *directory,
			   GError **error)
{
	struct folder *folder;
	struct stat info;

	if (fstatat(root, directory, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return store_directory_is_none(errno) ||
		       cannot_read(catalogue, directory, NULL, error);
	/* A link leads to a directory that has its own name. */
	if (!S_ISDIR(info.st_mode))
		return true;
	folder = get_folder(catalogue, directory);
	if (!is_unchanged(&folder->stamp, &info) &&
	    !read_folder(catalogue, root, directory, folder)) {
		folder->stamp.settled = false;
		return store_directory_is_none(errno) ||
		       cannot_read(catalogue, directory, NULL, error);
	}
	folder->look = catalogue->looks;
	return true;
}

static gboolean was_not_seen(void *directory G_GNUC_UNUSED, void *folder, void *catalogue)
{
	return ((const struct folder *)folder)->look !=
	       ((const struct store_catalogue *)catalogue)->looks;
}

static bool look(struct store_catalogue *catalogue, int root, GError **error)
{
	g_autoptr(GPtrArray) names = store_directory_names(root, store_domain_is_directory);

	if (!names) {
		store_set_errno(error, "cannot read the dump directory %s", catalogue->path);
		return false;
	}
	catalogue->looks++;
	for (guint i = 0; i < names->len; i++)
		if (!look_at_folder(catalogue, root, names->pdata[i], error))
			return false;
	g_hash_table_foreach_remove(catalogue->folders, was_not_seen, catalogue);
	return true;
}

bool store_catalogue_survey(struct store_catalogue *catalogue, int root, guint64 *highest,
			    GPtrArray **littered, GError **error)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&catalogue->mutex);
	GHashTableIter iter;
	void *directory, *data;

	if (!look(catalogue, root, error))
		return false;
	*highest = 0;
	*littered = g_ptr_array_new_with_free_func(g_free);
	g_hash_table_iter_init(&iter, catalogue->folders);
	while (g_hash_table_iter_next(&iter, &directory, &data)) {
		const struct folder *folder = data;

		*highest = MAX(*highest, folder->highest);
		if (folder->littered)
			g_ptr_array_add(*littered, g_strdup(directory));
	}
	return true;
}

/* --- dumps --- */

/* A dump to look at, without the lock. */
struct errand {
	char *directory, *name; /* as in struct folder */
	char *id;
	guint64 reading;
	struct store_entry *entry; /* NULL: not read */
	struct stamp stamp;
};

static void errand_free(void *data)
{
	struct errand *errand = data;

	g_free(errand->directory);
	g_free(errand->name);
	g_free(errand->id);
	store_entry_free(errand->entry);
	g_free(errand);
}

static bool may_be_of(const char *directory, const struct folder *folder, const char *wanted)
{
	/* A directory without a name file may have the name in its reports. */
	return !wanted || !folder->name || strcmp(folder->name, wanted) == 0 ||
	       g_ascii_strcasecmp(directory, wanted) == 0;
}

static void gather_dump(const char *directory, const struct folder *folder, const char *id,
			const struct dump *dump, GPtrArray *entries, GPtrArray *errands)
{
	struct errand *errand;

	if (dump->current) {
		g_ptr_array_add(entries, store_entry_ref(dump->entry));
		return;
	}
	errand = g_new0(struct errand, 1);
	errand->directory = g_strdup(directory);
	errand->name = g_strdup(folder->name);
	errand->id = g_strdup(id);
	errand->reading = folder->reading;
	errand->entry = dump->entry ? store_entry_ref(dump->entry) : NULL;
	errand->stamp = dump->stamp;
	g_ptr_array_add(errands, errand);
}

/* What is known goes to @entries, the rest to @errands. */
static bool gather(struct store_catalogue *catalogue, int root, const char *wanted,
		   GPtrArray *entries, GPtrArray *errands, GError **error)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&catalogue->mutex);
	GHashTableIter folders, dumps;
	void *directory, *folder, *id, *dump;

	if (!look(catalogue, root, error))
		return false;
	g_hash_table_iter_init(&folders, catalogue->folders);
	while (g_hash_table_iter_next(&folders, &directory, &folder)) {
		if (!may_be_of(directory, folder, wanted))
			continue;
		g_hash_table_iter_init(&dumps, ((struct folder *)folder)->dumps);
		while (g_hash_table_iter_next(&dumps, &id, &dump))
			gather_dump(directory, folder, id, dump, entries, errands);
	}
	return true;
}

/* False with errno: there is no such dump, or it cannot be read. */
static bool run_errand(struct store_catalogue *catalogue, int root, struct errand *errand)
{
	struct timespec now = time_of_files();
	g_autofree char *path = g_build_filename(errand->directory, errand->id, NULL);
	g_auto(Descriptor) domain = -1;
	struct stat info;

	if (fstatat(root, path, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	if (errand->entry && is_unchanged(&errand->stamp, &info))
		return true;
	store_entry_free(g_steal_pointer(&errand->entry));
	domain = store_directory_open(root, errand->directory);
	if (domain < 0)
		return false;
	errand->stamp = stamp_of(&info, &now);
	errand->entry = store_entry_read(catalogue->path, domain, errand->directory, errand->id);
	if (!errand->entry)
		return false;
	if (errand->name || !errand->entry->domain) {
		g_free(errand->entry->domain);
		errand->entry->domain = g_strdup(errand->name ? errand->name : errand->directory);
	}
	return true;
}

/* A report that could not be read is tried again. */
static void note_result(struct store_catalogue *catalogue, const struct errand *errand)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&catalogue->mutex);
	struct folder *folder = g_hash_table_lookup(catalogue->folders, errand->directory);
	struct dump *dump = folder && folder->reading == errand->reading
				    ? g_hash_table_lookup(folder->dumps, errand->id)
				    : NULL;

	if (!dump || !errand->entry->title)
		return;
	store_entry_free(dump->entry);
	dump->entry = store_entry_ref(errand->entry);
	dump->stamp = errand->stamp;
	dump->current = true;
}

/* Thousands of ids are compared, mostly by their numbers. */
static int compare_entries(const void *a, const void *b)
{
	const struct store_entry *left = *(struct store_entry *const *)a;
	const struct store_entry *right = *(struct store_entry *const *)b;
	int order;

	if (left->number != right->number &&
	    MAX(left->number, right->number) >= STORE_ID_FIRST_NUMBER)
		return left->number < right->number ? -1 : 1;
	order = store_id_compare(left->id, right->id);
	return order ? order : strcmp(left->domain, right->domain);
}

GPtrArray *store_catalogue_list(struct store_catalogue *catalogue, int root, const char *wanted,
				GError **error)
{
	g_autoptr(GPtrArray) entries =
		g_ptr_array_new_with_free_func((GDestroyNotify)store_entry_free);
	g_autoptr(GPtrArray) errands = g_ptr_array_new_with_free_func(errand_free);

	if (!gather(catalogue, root, wanted, entries, errands, error))
		return NULL;
	for (guint i = 0; i < errands->len; i++) {
		struct errand *errand = errands->pdata[i];

		if (run_errand(catalogue, root, errand)) {
			note_result(catalogue, errand);
			g_ptr_array_add(entries, store_entry_ref(errand->entry));
		} else if (!store_directory_is_none(errno)) {
			cannot_read(catalogue, errand->directory, errand->id, error);
			return NULL;
		}
	}
	for (guint i = entries->len; wanted && i-- > 0;)
		if (!store_entry_is_of(entries->pdata[i], wanted))
			g_ptr_array_remove_index(entries, i);
	g_ptr_array_sort(entries, compare_entries);
	return g_steal_pointer(&entries);
}
