/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "freeze-guard/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "frozen"
#define VERSION 2
#define MAX_TEXT 4096
#define BOOT_ID_LENGTH 36

static char letter_of(enum freeze_state state)
{
	return state == FREEZE_STATE_NEW ? 'C' : state == FREEZE_STATE_SUSPENDING ? 'S' : 'F';
}

static const char *boot_id(void)
{
	static char id[BOOT_ID_LENGTH + 1];
	static gsize read;

	if (g_once_init_enter(&read)) {
		g_autofree char *text = NULL;

		if (g_file_get_contents("/proc/sys/kernel/random/boot_id", &text, NULL, NULL))
			g_strlcpy(id, text, sizeof(id));
		if (!g_uuid_string_is_valid(id))
			g_strlcpy(id, "unknown", sizeof(id));
		g_once_init_leave(&read, 1);
	}
	return id;
}

static uint64_t new_token(void)
{
	uint64_t token;

	if (getrandom(&token, sizeof(token), 0) == sizeof(token))
		return token;
	return (uint64_t)g_get_monotonic_time() << 24 ^ (uint64_t)getpid();
}

static struct freeze_record *fail_record(struct freeze_record *record, const char *what,
					 GError **error)
{
	int code = errno;

	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "%s %s: %s", what,
		    record->path, g_strerror(code));
	freeze_record_free(record);
	return NULL;
}

void freeze_record_free(struct freeze_record *record)
{
	if (record == NULL)
		return;
	if (record->fd >= 0)
		close(record->fd);
	g_free(record->path);
	g_free(record->uri);
	g_free(record);
}

static struct freeze_record *allocate(const char *runtime_directory, const char *uuid)
{
	struct freeze_record *record = g_new0(struct freeze_record, 1);

	record->fd = -1;
	record->path = g_build_filename(runtime_directory, FOLDER, uuid, NULL);
	g_strlcpy(record->uuid, uuid, sizeof(record->uuid));
	return record;
}

/* --- the file --- */

static bool is_open_at(int fd, const char *path)
{
	struct stat opened, named;

	return fstat(fd, &opened) == 0 && lstat(path, &named) == 0 &&
	       opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/* Creates a locked file with the text under a hidden name, so that nobody sees a part of it. */
static bool write_hidden(struct freeze_record *record, const char *hidden)
{
	g_autofree char *text = g_strdup_printf(
		"%c %d %s %d %" G_GINT64_MODIFIER "x %s\n", letter_of(record->state), VERSION,
		boot_id(), record->domain_id, record->token, record->uri ? record->uri : "");
	size_t length = strlen(text);

	record->fd = open(hidden, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return record->fd >= 0 && flock(record->fd, LOCK_EX | LOCK_NB) == 0 &&
	       write(record->fd, text, length) == (ssize_t)length;
}

/* Keeps errno, which says why it is removed. */
static void remove_hidden(const char *hidden)
{
	int code = errno;

	unlink(hidden);
	errno = code;
}

static char *hidden_path(const struct freeze_record *record)
{
	g_autofree char *folder = g_path_get_dirname(record->path);
	g_autofree char *name =
		g_strdup_printf(".%" G_GINT64_MODIFIER "x-%d", record->token, (int)getpid());

	return g_build_filename(folder, name, NULL);
}

static bool parse(const char *text, struct freeze_record *record)
{
	char state, boot[BOOT_ID_LENGTH + 1];
	int version, length = 0;

	if (sscanf(text, "%c %d %36s %d %" G_GINT64_MODIFIER "x %n", &state, &version, boot,
		   &record->domain_id, &record->token, &length) != 5 ||
	    length == 0 || version != VERSION || strcmp(boot, boot_id()) != 0)
		return false;
	record->state = state == 'C'   ? FREEZE_STATE_NEW
			: state == 'S' ? FREEZE_STATE_SUSPENDING
				       : FREEZE_STATE_FROZEN;
	record->uri = g_strchomp(g_strdup(text + length));
	if (*record->uri == '\0')
		g_clear_pointer(&record->uri, g_free);
	return true;
}

static bool read_text(struct freeze_record *record)
{
	char text[MAX_TEXT];
	ssize_t got = pread(record->fd, text, sizeof(text) - 1, 0);

	if (got <= 0)
		return false;
	text[got] = '\0';
	return parse(text, record);
}

/* --- for the owner --- */

struct freeze_record *freeze_record_new(const char *runtime_directory, const char *uuid,
					int domain_id, const char *uri, GError **error)
{
	struct freeze_record *record = allocate(runtime_directory, uuid);
	g_autofree char *folder = g_path_get_dirname(record->path);
	g_autofree char *hidden = NULL;
	int linked;

	record->domain_id = domain_id;
	record->uri = g_strdup(uri);
	record->token = new_token();
	record->state = FREEZE_STATE_NEW;
	hidden = hidden_path(record);
	if (g_mkdir_with_parents(folder, 0700) < 0)
		return fail_record(record, "creating the folder of", error);
	if (!write_hidden(record, hidden)) {
		remove_hidden(hidden);
		return fail_record(record, "writing", error);
	}
	linked = link(hidden, record->path);
	remove_hidden(hidden);
	return linked == 0 ? record : fail_record(record, "creating", error);
}

bool freeze_record_set(struct freeze_record *record, enum freeze_state state, GError **error)
{
	char letter = letter_of(state);

	if (pwrite(record->fd, &letter, 1, 0) != 1) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "writing %s: %s",
			    record->path, g_strerror(errno));
		return false;
	}
	record->state = state;
	return true;
}

bool freeze_record_is_ours(const struct freeze_record *record)
{
	return record->fd >= 0 && is_open_at(record->fd, record->path);
}

void freeze_record_remove(struct freeze_record *record)
{
	if (freeze_record_is_ours(record))
		unlink(record->path);
}

/* --- for the guard --- */

/* Replaces the file of a late owner by one of the caller. */
static struct freeze_record *replace(struct freeze_record *old, GError **error)
{
	g_autofree char *hidden = hidden_path(old);

	close(old->fd);
	if (write_hidden(old, hidden) && rename(hidden, old->path) == 0)
		return old;
	remove_hidden(hidden);
	return fail_record(old, "taking over", error);
}

struct freeze_record *freeze_record_take(const char *runtime_directory, const char *uuid,
					 uint64_t token, bool gone, GError **error)
{
	g_autoptr(FreezeRecord) record = allocate(runtime_directory, uuid);

	record->fd = open(record->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (record->fd < 0 && errno != ENOENT)
		return fail_record(g_steal_pointer(&record), "opening", error);
	if (record->fd < 0 || !read_text(record) || record->token != token)
		return NULL;
	if (!gone)
		return replace(g_steal_pointer(&record), error);
	if (flock(record->fd, LOCK_EX | LOCK_NB) < 0 || !freeze_record_is_ours(record))
		return NULL;
	return g_steal_pointer(&record);
}

/*
 * Opens the file for reading only: closing a file that was open for writing would wake the guard
 * (see freeze_record_watch()), which would then look without end. NULL: it has an owner, or says
 * that nothing is outstanding (then it is removed).
 */
static struct freeze_record *take_orphan(const char *runtime_directory, const char *name)
{
	g_autoptr(FreezeRecord) record = allocate(runtime_directory, name);

	record->fd = open(record->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (record->fd < 0 || flock(record->fd, LOCK_EX | LOCK_NB) < 0)
		return NULL;
	/* The owner may have finished the freeze and removed the record between the two calls. */
	if (!freeze_record_is_ours(record))
		return NULL;
	if (g_uuid_string_is_valid(name) && read_text(record) && record->state != FREEZE_STATE_NEW)
		return g_steal_pointer(&record);
	unlink(record->path);
	return NULL;
}

GPtrArray *freeze_record_take_orphans(const char *runtime_directory)
{
	GPtrArray *orphans = g_ptr_array_new_with_free_func((GDestroyNotify)freeze_record_free);
	g_autofree char *folder = g_build_filename(runtime_directory, FOLDER, NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		struct freeze_record *record =
			*name == '.' ? NULL : take_orphan(runtime_directory, name);

		if (record)
			g_ptr_array_add(orphans, record);
	}
	return orphans;
}

int freeze_record_watch(const char *runtime_directory, GError **error)
{
	g_autofree char *folder = g_build_filename(runtime_directory, FOLDER, NULL);
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd >= 0 && g_mkdir_with_parents(folder, 0700) == 0 &&
	    inotify_add_watch(fd, folder, IN_CLOSE_WRITE | IN_ONLYDIR) >= 0)
		return fd;
	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "watching %s: %s", folder,
		    g_strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}
