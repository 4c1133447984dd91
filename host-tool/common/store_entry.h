/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of a stored dump without its report being read whole. */
#ifndef OOPSBT_COMMON_STORE_ENTRY_H
#define OOPSBT_COMMON_STORE_ENTRY_H

#include <glib.h>
#include <stdbool.h>

struct store_entry {
	char *domain; /* its name, or its UUID if nobody knows the name */
	char *uuid;   /* the domain's; NULL: not known */
	char *id;
	char *path;	 /* of the dump's directory */
	char *title;	 /* from report.json, as the guest gave it: not safe for a terminal; NULL:
			    damaged */
	char *signalled; /* RFC 3339, or NULL */
	char *signal;	 /* "oops", "watch", ..., or NULL */
	const char *incident; /* a name of common/incident.h, static; NULL: not known */
	char *fingerprint;    /* the same for one bug; hexadecimal digits; NULL: not known */
	char *release;	      /* of the guest's kernel, as the guest gave it; NULL: not known */
	bool vmcore;	      /* a full dump is there too */
	guint64 repeats;      /* later ones of its bug that have no dump (store_repeats.h) */
	char *repeated;	      /* when the last of these was signalled, RFC 3339; NULL: none */

	/* Where it is, if a journal told of it; NULL: in this store. Not safe for a terminal. */
	char *host;    /* name */
	char *machine; /* its machine-id(5); NULL also: not known */

	/* By which one boot of the guest is told from another. */
	char *kernel;	    /* which one it is and where it lies; NULL: not known */
	gint64 die_counter; /* oopses since the boot; -1: not known */
	gint64 uptime_s;    /* -1: not known */
};
/*
 * @root: the store's path; @domain: the directory @directory in it, opened. NULL: there is no dump
 * of this id. .domain is for the caller to set: it is NULL, or the name in the report.
 */
struct store_entry *store_entry_read(const char *root, int domain, const char *directory,
				     const char *id);
struct store_entry *store_entry_copy(const struct store_entry *entry);
/*
 * What .incident is where a report or an index has these words, NULL where it has none: an older
 * version's report has only the signal.
 */
const char *store_entry_incident(const char *incident, const char *signal);

/* A copy of @text if it can be a fingerprint, or NULL. */
char *store_entry_fingerprint(const char *text);
/* What may be added later: a full dump, and records of repeats. @domain: as above. */
void store_entry_look_for_more(struct store_entry *entry, int domain);
/* Whether @domain is the name or the UUID of its domain. */
bool store_entry_is_of(const struct store_entry *entry, const char *domain);
void store_entry_free(struct store_entry *entry);
typedef struct store_entry StoreEntry;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreEntry, store_entry_free)

#endif
