/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dumps on disk: <root>/<uuid of the domain>/<id>/. What an id is: store_id.h; how a domain is
 * found by its name: store_domain.h. An id is unique within the store, whatever the domain.
 *
 * Directories are 0700, files 0600. A dump is built as <root>/<uuid>/.new-<id>/, fsynced and
 * renamed: whole or absent. Leftovers of a killed writer are removed when a dump is begun; those
 * of a living one are left alone (it holds a lock on its hidden directory).
 *
 * Several processes may use a store at once (the daemon, `virsh oopsbt collect`). What a process
 * finds in it may have been put there by another user only if the root directory lets them: a
 * root that others can write to, or that belongs to another user, is refused for writing.
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
	STORE_ERROR_AMBIGUOUS, /* an id prefix that fits several dumps */
	STORE_ERROR_DAMAGED,   /* a dump whose files are not what they should be */
	STORE_ERROR_DENIED,    /* no permission, or not this user's directory */
	STORE_ERROR_FULL,      /* no space left */
	STORE_ERROR_IO,
};

struct store;

/* @root is not created here. */
struct store *store_new(const char *root);
void store_free(struct store *store);
const char *store_root(const struct store *store);
typedef struct store Store;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_free)

/* --- writing (the daemon, and `collect` without one) --- */

/* Whether @free_bytes are available on its file system; also if there is no store yet. */
bool store_has_room(const struct store *store, uint64_t free_bytes, GError **error);

struct store_dump;

/*
 * Creates root and domain directory as needed, removes leftovers, makes the hidden directory.
 * @uuid: whose dump it is, as libvirt writes it; @name: the domain's name now.
 */
struct store_dump *store_begin(struct store *store, const char *uuid, const char *name,
			       GError **error);
const char *store_dump_id(const struct store_dump *dump);
/* The hidden directory while the dump is built, for a file that somebody else writes (vmcore). */
const char *store_dump_path(const struct store_dump *dump);
/* A new file, O_RDWR; the descriptor belongs to the dump. -1 on error. */
int store_dump_create(struct store_dump *dump, const char *file_name, GError **error);

/*
 * fsyncs files and directory, renames, fsyncs the parents. The dump is freed in either case; on
 * error nothing is left. @doubt is set, with true as result, if the parents could not be fsynced:
 * the dump is there, and may be gone after a crash of the host.
 */
bool store_dump_commit(struct store_dump *dump, GError **doubt, GError **error);
void store_dump_abort(struct store_dump *dump); /* removes it and frees; NULL is ignored */
/*
 * Removes dumps of a domain until it has @keep of them (store_keep.h says which), but never the
 * newest, and publishes. To be called after a commit.
 */
bool store_vacuum(struct store *store, const char *uuid, unsigned int keep, GError **error);
/* The domain has this name now. One without dumps is left alone. */
bool store_rename(struct store *store, const char *uuid, const char *name, GError **error);

/* --- reading --- */

/*
 * Array of struct store_entry *, oldest first; @domain: a name or UUID, or NULL: all. A store that
 * is not there is an error, a domain without dumps is not.
 */
GPtrArray *store_list(struct store *store, const char *domain, GError **error);
/*
 * @reference: an id, a domain's name or UUID (its newest dump), an unambiguous prefix of an id, or
 * "domain/id" with either of the latter.
 */
struct store_entry *store_find(struct store *store, const char *reference, GError **error);
/* The same among @entries, which must be all and in order; what is found is taken out of them. */
struct store_entry *store_pick(GPtrArray *entries, const char *reference, GError **error);
/* Whole text file of a dump, at most @max_bytes. NUL-terminated, g_free(); @length may be NULL. */
char *store_read(const struct store_entry *entry, const char *file_name, size_t max_bytes,
		 size_t *length, GError **error);
/* Removes one dump; readers see it whole or not at all. An emptied domain directory goes too. */
bool store_remove(struct store *store, const struct store_entry *entry, GError **error);
/* The same, for who removes several and calls store_publish() then. */
bool store_remove_unpublished(struct store *store, const struct store_entry *entry, GError **error);

/*
 * Brings the form for storage pools (store_pool.h) up to date. store_vacuum() and store_remove() do
 * it; what fails is done the next time.
 */
void store_publish(struct store *store);

#endif
