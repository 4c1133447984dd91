/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dumps that a verb is about: this host's or, over a connection to another one, that one's.
 * With advice where the store only has an error.
 */
#ifndef OOPSBT_PLUGIN_DUMPS_H
#define OOPSBT_PLUGIN_DUMPS_H

#include <json-glib/json-glib.h>

#include "cli.h"
#include "session.h"

/* A directory that was named (-D) is on this host, whatever the connection. */
bool dumps_are_remote(struct session *session);

/*
 * An option of verbs that only list: with it the dumps are those that journals tell of. False with
 * an error: it does not go with other options.
 */
#define DUMPS_JOURNAL_OPTION                                                                       \
	{                                                                                          \
		"journal", 0, "[DIR]", CLI_FILE,                                                   \
			"of all hosts whose journals are in DIR (default: " JOURNAL_SOURCE_DEFAULT \
			")"                                                                        \
	}
bool dumps_take_journal(struct session *session, const struct cli_args *args, GError **error);

/* As store_list() and store_find(); @reference NULL: the newest of all. */
GPtrArray *dumps_list(struct session *session, const char *domain_name, GError **error);
/*
 * Those of the domains named in @domains (NULL-terminated), or of all if there is none. A domain
 * that has no dumps and that libvirt does not know either is an error; without libvirt, a warning.
 */
GPtrArray *dumps_list_of(struct session *session, char **domains, GError **error);
/* The same of a domain that is known to have none. */
bool dumps_check_domain(struct session *session, const char *name, GError **error);
struct store_entry *dumps_find(struct session *session, const char *reference, GError **error);
/* The same among those that the options of @args select, by which "newest" is of these. */
struct store_entry *dumps_find_selected(struct session *session, const char *reference,
					const struct cli_args *args, GError **error);

/* A file of it, as store_read(). */
char *dumps_read(struct session *session, const struct store_entry *entry, const char *file_name,
		 size_t max_bytes, size_t *length, GError **error);

/* A warning if the report may hold things that this version does not know. */
void dumps_warn_of_schema(JsonObject *report);

/* An error if the dumps are another host's. @what: "removing dumps". */
bool dumps_require_local(struct session *session, const char *what, GError **error);

/* One dump as it appears in listings. */
JsonNode *dumps_to_json(const struct store_entry *entry);

/* The command that fetches it, if it is on another host that a journal told of; or NULL. g_free().
 */
char *dumps_fetch_command(const struct store_entry *entry);

/* What its files take on disk, in bytes; -1: not known, as of another host's. */
gint64 dumps_size(struct session *session, const struct store_entry *entry);

/* The title, or what is shown where there is none. */
const char *dumps_title(const struct store_entry *entry);

/* When it was signalled, or else when its id was given; NULL never. */
GDateTime *dumps_time(const struct store_entry *entry);

/* Adds advice to an error of the store. Returns false. */
bool dumps_fail(struct session *session, GError **error, const GError *cause);

#endif
