/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stored dump, as far as it is known without reading the whole report. */
#ifndef OOPSBT_COMMON_STORE_ENTRY_H
#define OOPSBT_COMMON_STORE_ENTRY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Several lists may share an entry, so only its maker changes it. */
struct store_entry {
	char *domain; /* its name, or its UUID if the name is unknown */
	char *uuid;   /* the domain's; NULL: unknown */
	char *id;
	char *path;	 /* of the dump's directory */
	char *title;	 /* from report.json, as the guest gave it: not safe for a terminal; NULL:
			    damaged */
	char *signalled; /* RFC 3339, or NULL */
	char *signal;	 /* "oops", "watch", ..., or NULL */
	const char *incident; /* a name of common/incident.h, static; NULL: unknown */
	char *fingerprint;    /* identifies the bug; hexadecimal digits; NULL: unknown */
	char *release;	      /* of the guest's kernel, as the guest gave it; NULL: unknown */
	bool vmcore;	      /* it has a full dump */
	guint64 repeats;      /* later incidents of its bug without a dump (store_repeats.h) */
	char *repeated;	      /* when the last of these was signalled, RFC 3339; NULL: none */

	/*
	 * The dump's host, if the entry is from a journal; NULL: in this store. Not safe for a
	 * terminal.
	 */
	char *host;    /* name */
	char *machine; /* its machine-id(5); NULL also: unknown */

	/* These tell one boot of the guest from another. */
	char *kernel;	    /* the kernel and its place in memory; NULL: unknown */
	gint64 die_counter; /* oopses since boot; -1: unknown */
	gint64 uptime_s;    /* -1: unknown */

	/* private */
	guint64 number;	 /* of the id, if it is from store_entry_read() */
	int more_owners; /* beside the first; atomic */
	gsize counted;	 /* 1 + the result of store_entry_size(); 0: not yet; atomic */
};
/*
 * @root: the store's path; @domain: the open directory @directory in it. NULL: there is no dump
 * with this id. The caller sets .domain, which is NULL or the name in the report.
 */
struct store_entry *store_entry_read(const char *root, int domain, const char *directory,
				     const char *id);
struct store_entry *store_entry_ref(const struct store_entry *entry);
/*
 * The .incident of a report or index entry with these words; NULL: unknown. Reports of older
 * versions have only the signal.
 */
const char *store_entry_incident(const char *incident, const char *signal);

/* A copy of @text if it is a possible fingerprint, else NULL. */
char *store_entry_fingerprint(const char *text);
/* The disk space of its files, in bytes, as the file system counts it. Counted once. */
uint64_t store_entry_size(struct store_entry *entry);
/*
 * Call it when a file was added to a stored dump or replaced: touches the domain's directory, by
 * which every process notices the change (store_catalogue.h).
 */
void store_entry_touch(const struct store_entry *entry);
/* Is @domain the name or the UUID (in any case) of its domain? */
bool store_entry_is_of(const struct store_entry *entry, const char *domain);
void store_entry_free(struct store_entry *entry);
typedef struct store_entry StoreEntry;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreEntry, store_entry_free)

#endif
