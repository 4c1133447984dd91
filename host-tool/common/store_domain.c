/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/store_domain.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/read.h"
#include "common/store_directory.h"
#include "common/store_entry.h"
#include "common/store_id.h"

#define NAME_FILE "name"
#define NEW_NAME_FILE ".name"
#define NEW_LINK ".link"
/* libvirt has no limit, but its messages have at most 4 MiB. */
#define MAX_NAME (64u << 10)

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

bool store_domain_is_directory(const char *name)
{
	return name[0] != '.';
}

/* @name: NULL if there is no name file. False with errno if it cannot be read. */
static bool read_name(int domain, char **name)
{
	g_auto(Descriptor) fd =
		openat(domain, NAME_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	g_autofree char *text = NULL;
	struct stat info;
	size_t length;

	*name = NULL;
	if (fd < 0)
		return store_directory_is_none(errno);
	if (fstat(fd, &info) < 0)
		return false;
	if (!S_ISREG(info.st_mode) || info.st_size == 0 || info.st_size > MAX_NAME)
		return true;
	text = g_malloc0(info.st_size + 1);
	length = read_at(fd, 0, text, info.st_size);
	if (length < (size_t)info.st_size && errno != 0)
		return false;
	*name = g_steal_pointer(&text);
	return true;
}

bool store_domain_name(int domain, const char *directory, char **name)
{
	if (g_uuid_string_is_valid(directory))
		return read_name(domain, name);
	*name = unescape_name(directory);
	return true;
}

/* False with errno on error. */
static bool write_name(int domain, const char *name)
{
	g_auto(Descriptor) fd =
		openat(domain, NEW_NAME_FILE,
		       O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	size_t length = strlen(name);

	return fd >= 0 && write(fd, name, length) == (ssize_t)length && fsync(fd) == 0 &&
	       renameat(domain, NEW_NAME_FILE, domain, NAME_FILE) == 0;
}

/* --- links --- */

static bool links_to(int root, const char *link, const char *uuid)
{
	char target[64] = "";

	return readlinkat(root, link, target, sizeof(target) - 1) > 0 && strcmp(target, uuid) == 0;
}

static void unlink_name(int root, const char *uuid, const char *name)
{
	g_autofree char *link = escape_name(name);

	if (links_to(root, link, uuid))
		unlinkat(root, link, 0);
}

/* Leaves a directory of that name alone. A domain is found without its link, too. */
static void link_name(int root, const char *uuid, const char *name)
{
	g_autofree char *link = escape_name(name);

	if (strlen(link) > NAME_MAX || g_uuid_string_is_valid(link) || links_to(root, link, uuid))
		return;
	unlinkat(root, NEW_LINK, 0);
	if (symlinkat(uuid, root, NEW_LINK) == 0 && renameat(root, NEW_LINK, root, link) < 0)
		unlinkat(root, NEW_LINK, 0);
}

/* --- directories --- */

int store_domain_make(int root, const char *root_path, const char *uuid, const char *name,
		      GError **error)
{
	g_auto(Descriptor) domain = -1;
	g_autofree char *before = NULL;

	if (mkdirat(root, uuid, 0700) < 0 && errno != EEXIST) {
		store_set_errno(error, "cannot create %s/%s", root_path, uuid);
		return -1;
	}
	domain = store_directory_open(root, uuid);
	if (domain < 0) {
		store_set_errno(error, "cannot open %s/%s", root_path, uuid);
		return -1;
	}
	/* A name file that cannot be read is rewritten. */
	read_name(domain, &before);
	if (g_strcmp0(before, name) != 0) {
		if (!write_name(domain, name)) {
			store_set_errno(error, "cannot write %s/%s/" NAME_FILE, root_path, uuid);
			return -1;
		}
		if (before)
			unlink_name(root, uuid, before);
	}
	link_name(root, uuid, name);
	return g_steal_fd(&domain);
}

static bool is_not_name(const char *name)
{
	return strcmp(name, NAME_FILE) != 0 && strcmp(name, NEW_NAME_FILE) != 0;
}

void store_domain_remove_empty(int root, const char *directory)
{
	g_auto(Descriptor) domain = store_directory_open(root, directory);
	g_autoptr(GPtrArray) others = NULL;
	g_autofree char *name = NULL;

	others = domain < 0 ? NULL : store_directory_names(domain, is_not_name);
	if (others == NULL || others->len > 0)
		return;
	read_name(domain, &name);
	unlinkat(domain, NEW_NAME_FILE, 0);
	unlinkat(domain, NAME_FILE, 0);
	if (unlinkat(root, directory, AT_REMOVEDIR) == 0 && name)
		unlink_name(root, directory, name);
}

/* --- stores by name --- */

/*
 * Moves a dump to its domain's directory and returns the domain's UUID. NULL: the dump stays.
 * g_free().
 */
static char *adopt_dump(int root, const char *root_path, int domain, const char *directory,
			const char *id)
{
	g_autoptr(StoreEntry) entry = store_entry_read(root_path, domain, directory, id);
	g_autofree char *name = unescape_name(directory);
	g_auto(Descriptor) owner = -1;

	if (entry == NULL || entry->uuid == NULL)
		return NULL;
	owner = store_domain_make(root, root_path, entry->uuid, name, NULL);
	if (owner < 0 || renameat(domain, id, owner, id) < 0)
		return NULL;
	return g_steal_pointer(&entry->uuid);
}

static int compare_names(const void *a, const void *b)
{
	return store_id_compare(*(char *const *)a, *(char *const *)b);
}

static void adopt(int root, const char *root_path, const char *directory)
{
	g_auto(Descriptor) domain = store_directory_open(root, directory);
	g_autoptr(GPtrArray) ids =
		domain < 0 ? NULL : store_directory_names(domain, store_id_is_valid);
	g_autofree char *name = unescape_name(directory);
	g_autofree char *newest = NULL;

	if (ids == NULL)
		return;
	g_ptr_array_sort(ids, compare_names);
	for (guint i = 0; i < ids->len; i++) {
		char *uuid = adopt_dump(root, root_path, domain, directory, ids->pdata[i]);

		if (uuid == NULL)
			continue;
		g_free(newest);
		newest = uuid;
	}
	/* The directory is gone, so its name is free for the link. */
	if (unlinkat(root, directory, AT_REMOVEDIR) == 0 && newest)
		link_name(root, newest, name);
}

void store_domain_adopt_all(int root, const char *root_path)
{
	g_autoptr(GPtrArray) directories = store_directory_names(root, store_domain_is_directory);

	for (guint i = 0; directories && i < directories->len; i++)
		if (!g_uuid_string_is_valid(directories->pdata[i]))
			adopt(root, root_path, directories->pdata[i]);
}
