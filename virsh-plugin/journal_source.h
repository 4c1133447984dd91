/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dumps listed in journals: in those of this host, or in those that a collector received from
 * many hosts (oopsbt-journal(7), docs/fleet.md). A row is like one of the store, with .host and
 * without .path: the dump itself is on that host, if it still exists.
 *
 * The writer of a journal is unknown: text is limited and made valid UTF-8; entries that are not
 * from oopsbtd and unreadable files are skipped, with a warning.
 */
#ifndef OOPSBT_PLUGIN_JOURNAL_SOURCE_H
#define OOPSBT_PLUGIN_JOURNAL_SOURCE_H

#include <glib.h>

/* Where journald and systemd-journal-remote keep journals. */
#define JOURNAL_SOURCE_DEFAULT "/var/log/journal"

/* Limits on rows and on bytes of distinct texts; the rest is skipped. */
#define JOURNAL_SOURCE_MAX_ROWS (4u << 20)
#define JOURNAL_SOURCE_MAX_TEXT ((gsize)256 << 20)

struct journal_source;

/* @directory: searched for journals, together with its folders. Reads nothing yet. */
struct journal_source *journal_source_new(const char *directory);
const char *journal_source_directory(const struct journal_source *source);
void journal_source_free(struct journal_source *source);

/*
 * Array of struct store_entry *, oldest first, each dump once even if several journals list it. The
 * entries belong to @source. NULL with an error if nothing is readable.
 */
GPtrArray *journal_source_list(struct journal_source *source, GError **error);

#endif
