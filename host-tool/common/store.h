/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dumps on disk: <root>/<uuid of the domain>/<id>/. store_id.h describes ids, store_domain.h finds
 * a domain by its name. An id is unique in the store, over all domains.
 *
 * Directories have mode 0700, files 0600. A dump is built as <root>/<uuid>/.new-<id>/, fsynced and
 * renamed, so it is never visible in part. store_begin() removes what a killed writer left; a
 * living writer holds a lock on its hidden directory.
 *
 * Several processes may use a store at once (the daemon, `virsh oopsbt collect`). A root directory
 * that other users can write to, or that belongs to another user, is refused for writing. So other
 * users cannot add files to a store.
 */
#ifndef OOPSBT_COMMON_STORE_H
#define OOPSBT_COMMON_STORE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/store_entry.h"

#define STORE_DEFAULT_ROOT "/var/lib/oopsbt"

#define STORE_ERROR (store_error_quark())
GQuark store_error_quark(void);
enum store_error {
	STORE_ERROR_NOT_FOUND,
	STORE_ERROR_AMBIGUOUS, /* an id prefix that matches several dumps */
	STORE_ERROR_DAMAGED,   /* files of a dump are not as expected */
	STORE_ERROR_DENIED,    /* no permission, or the directory of another user */
	STORE_ERROR_FULL,      /* no space left */
	STORE_ERROR_IO,
};

struct store;

/* Does not create @root. */
struct store *store_new(const char *root);
void store_free(struct store *store);
const char *store_root(const struct store *store);
typedef struct store Store;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_free)

/* --- writing (the daemon, and `collect` without one) --- */

/* Does its file system have @free_bytes available? Also works before the store exists. */
bool store_has_room(const struct store *store, uint64_t free_bytes, GError **error);

struct store_dump;

/*
 * Creates the root, the domain's directory and the hidden directory, and removes leftovers. @uuid:
 * the domain's UUID in libvirt's form; @name: its current name.
 */
struct store_dump *store_begin(struct store *store, const char *uuid, const char *name,
			       GError **error);
const char *store_dump_id(const struct store_dump *dump);
/* The hidden directory of an unfinished dump, for a file that another process writes (vmcore). */
const char *store_dump_path(const struct store_dump *dump);
/* Creates a file and opens it O_RDWR; the dump owns the descriptor. -1 on error. */
int store_dump_create(struct store_dump *dump, const char *file_name, GError **error);

/*
 * fsyncs the files and the directory, renames, fsyncs the parents. Frees the dump in every case; on
 * error nothing is left. If fsync of the parents fails, returns true and sets @doubt: the dump
 * exists, but a crash of the host may remove it.
 */
bool store_dump_commit(struct store_dump *dump, GError **doubt, GError **error);
void store_dump_abort(struct store_dump *dump); /* removes and frees it; NULL is ignored */
/*
 * Removes dumps of a domain until @keep are left (store_keep.h chooses), but never the newest. Call
 * it after a commit.
 */
bool store_vacuum(struct store *store, const char *uuid, unsigned int keep, GError **error);
/* Stores a domain's new name. Ignores a domain without dumps. */
bool store_rename(struct store *store, const char *uuid, const char *name, GError **error);

/* --- reading --- */

/*
 * Array of struct store_entry *, oldest first; @domain: a name or UUID, or NULL: all. A missing
 * store is an error; a domain without dumps is not.
 */
GPtrArray *store_list(struct store *store, const char *domain, GError **error);
/*
 * @reference: an id, a domain's name or UUID (its newest dump), an unambiguous prefix of an id, or
 * "domain/id" with either of the latter.
 */
struct store_entry *store_find(struct store *store, const char *reference, GError **error);
/* The same in @entries, which must be complete and sorted; takes the result out of them. */
struct store_entry *store_pick(GPtrArray *entries, const char *reference, GError **error);
/*
 * Reads a text file of a dump, at most @max_bytes. NUL-terminated, g_free(); @length may be NULL.
 */
char *store_read(const struct store_entry *entry, const char *file_name, size_t max_bytes,
		 size_t *length, GError **error);
/* Removes one dump atomically, and the domain's directory if it is empty then. */
bool store_remove(struct store *store, const struct store_entry *entry, GError **error);

/*
 * Updates the files for storage pools (store_pool.h). Call it after one or more changes of the
 * store. The next call, by any process, repeats what failed or was not called.
 */
void store_publish(struct store *store);

#endif
