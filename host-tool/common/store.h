/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dumps on disk: <root>/<domain>/<id>/, an id being <UTC time>-<n>, e.g. 20261122T214501Z-1.
 * Directories are 0700, files 0600. A dump is built as <root>/<domain>/.new-<id>/, fsynced and
 * renamed: whole or absent. Leftovers of a killed daemon are removed when a dump is begun or the
 * store is opened for writing. A domain name that is not a safe file name (a slash, a leading
 * dot, control characters) is escaped with %XX.
 */
#ifndef OOPSBT_COMMON_STORE_H
#define OOPSBT_COMMON_STORE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define STORE_DEFAULT_ROOT "/var/lib/oopsbt"

#define STORE_ERROR (store_error_quark())
GQuark store_error_quark(void);
enum store_error {
	STORE_ERROR_NOT_FOUND,
	STORE_ERROR_AMBIGUOUS, /* an id prefix that fits several dumps */
	STORE_ERROR_DAMAGED,   /* a dump whose files are not what they should be */
	STORE_ERROR_IO,
};

struct store;

/* @root is not created here. */
struct store *store_new(const char *root);
void store_free(struct store *store);
typedef struct store Store;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_free)

/* --- writing (the daemon, and `collect` without one) --- */

struct store_dump;

/* Creates root and domain directory as needed, removes leftovers, makes the hidden directory. */
struct store_dump *store_begin(struct store *store, const char *domain_name, GError **error);
const char *store_dump_id(const struct store_dump *dump);
int store_dump_create(struct store_dump *dump, const char *file_name, GError **error); /* O_RDWR fd, owned by the dump */
/* Checks that @free_bytes are available on the file system. */
bool store_dump_reserve(struct store_dump *dump, uint64_t free_bytes, GError **error);
/* fsyncs files and directory, renames, fsyncs the parent. The dump is freed in either case; on error nothing is left. */
bool store_dump_commit(struct store_dump *dump, GError **error);
void store_dump_abort(struct store_dump *dump); /* removes it and frees */
/* Removes the oldest dumps of a domain beyond @keep. */
bool store_vacuum(struct store *store, const char *domain_name, unsigned int keep, GError **error);

/* --- reading --- */

struct store_entry {
	char *domain;  /* name, unescaped */
	char *id;
	char *path;    /* of the dump's directory */
	char *title;   /* from report.json; NULL if damaged */
	char *signalled; /* RFC 3339, or NULL */
};
void store_entry_free(struct store_entry *entry);

/* Array of struct store_entry *, oldest first; @domain_name NULL: all. A store that is not there is an error. */
GPtrArray *store_list(struct store *store, const char *domain_name, GError **error);
/* @reference: a domain name (its newest dump), an id, or an unambiguous prefix of an id. */
struct store_entry *store_find(struct store *store, const char *reference, GError **error);
/* Whole text file of a dump, at most @max_bytes. */
char *store_read(const struct store_entry *entry, const char *file_name, size_t max_bytes,
		 size_t *length, GError **error);

#endif
