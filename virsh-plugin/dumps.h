/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dumps that a verb operates on: those of this host or, over a remote connection, of the other
 * host. Adds advice to errors of the store.
 */
#ifndef OOPSBT_PLUGIN_DUMPS_H
#define OOPSBT_PLUGIN_DUMPS_H

#include <json-glib/json-glib.h>

#include "cli.h"
#include "session.h"

/* A directory given with -D is on this host, whatever the connection. */
bool dumps_are_remote(struct session *session);

/*
 * An option of verbs that only list dumps: lists the dumps in journals. False with an error: other
 * options exclude it.
 */
#define DUMPS_JOURNAL_OPTION                                                                       \
	{                                                                                          \
		"journal", 0, "[DIR]", CLI_FILE,                                                   \
			"of all hosts whose journals are in DIR (default: " JOURNAL_SOURCE_DEFAULT \
			")"                                                                        \
	}
bool dumps_take_journal(struct session *session, const struct cli_args *args, GError **error);

/* As store_list() and store_find(); @reference NULL: the newest dump. */
GPtrArray *dumps_list(struct session *session, const char *domain_name, GError **error);
/*
 * The dumps of the domains in @domains (NULL-terminated), or of all if it is empty. A domain that
 * has no dumps and is unknown to libvirt is an error; without libvirt a warning.
 */
GPtrArray *dumps_list_of(struct session *session, char **domains, GError **error);
/* The same for a domain that has no dumps by this name. @uuid (may be NULL): set if libvirt knows
 * it. */
bool dumps_check_domain(struct session *session, const char *name, char **uuid, GError **error);
struct store_entry *dumps_find(struct session *session, const char *reference, GError **error);
/*
 * As store_find() among the dumps that the options of @args select: "newest" is the newest of
 * these.
 */
struct store_entry *dumps_find_selected(struct session *session, const char *reference,
					const struct cli_args *args, GError **error);

/* A file of the dump, as store_read(). */
char *dumps_read(struct session *session, const struct store_entry *entry, const char *file_name,
		 size_t max_bytes, size_t *length, GError **error);

/* Warns if a newer version wrote the report, which may contain unknown members. */
void dumps_warn_of_schema(JsonObject *report);

/* An error if the dumps are on another host. @what: "removing dumps". */
bool dumps_require_local(struct session *session, const char *what, GError **error);

/* One dump in the form of listings. */
JsonNode *dumps_to_json(const struct store_entry *entry);

/* The command that fetches the dump from its host, if a journal listed it; else NULL. g_free(). */
char *dumps_fetch_command(const struct store_entry *entry);

/* The disk space of its files, in bytes; -1: unknown, as on another host. */
gint64 dumps_size(struct session *session, const struct store_entry *entry);

/* The title, or a placeholder if it has none. */
const char *dumps_title(const struct store_entry *entry);

/* When it was signalled, else when its id was made; never NULL. */
GDateTime *dumps_time(const struct store_entry *entry);

/* Sets @error to @cause, an error of the store, and advice. Returns false. */
bool dumps_fail(struct session *session, GError **error, const GError *cause);

#endif
