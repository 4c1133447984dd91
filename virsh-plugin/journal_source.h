/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dumps that journals tell of: those of this host, or those that a collector has received from
 * many (oopsbt-journal(7), docs/fleet.md). A row is as one of the store, with .host and without
 * .path: the dump itself is on that host, if it is still there.
 *
 * Who wrote a journal is not known: text is bounded and made valid UTF-8, an entry that is none of
 * oopsbtd's is left out, and so is a file that cannot be read. What is left out is told in
 * warnings.
 */
#ifndef OOPSBT_PLUGIN_JOURNAL_SOURCE_H
#define OOPSBT_PLUGIN_JOURNAL_SOURCE_H

#include <glib.h>

/* Where journald and systemd-journal-remote keep journals. */
#define JOURNAL_SOURCE_DEFAULT "/var/log/journal"

/* No more rows than this are read, nor more bytes of different texts: what follows is left out. */
#define JOURNAL_SOURCE_MAX_ROWS (4u << 20)
#define JOURNAL_SOURCE_MAX_TEXT ((gsize)256 << 20)

struct journal_source;

/* @directory: it, and each folder in it, is searched for journals. Reads nothing yet. */
struct journal_source *journal_source_new(const char *directory);
const char *journal_source_directory(const struct journal_source *source);
void journal_source_free(struct journal_source *source);

/*
 * Array of struct store_entry *, oldest first, each dump once though it be in several journals. The
 * entries belong to @source. NULL with an error if there is nothing that can be read.
 */
GPtrArray *journal_source_list(struct journal_source *source, GError **error);

#endif
