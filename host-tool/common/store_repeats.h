/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Repeats of a bug: a dump has a file of light records, one for each later incident of its bug
 * without a dump of its own (repeat_rule.h decides). The file is always replaced atomically, also
 * if the host crashes:
 *
 *   { "schema": 1, "count": N, "last": TIME, "records": [
 *     { "time", "cpu", "title", "signal", "phase", "not_collected" }, ... ] }
 *
 * TIME and "time": RFC 3339 UTC, of the signal. "cpu": the Linux number, or null. "phase": as in
 * common/collection.h, or null. "not_collected": the number of earlier signals that nothing else
 * records. All records count; the first and the last STORE_REPEATS_LISTED / 2 are listed.
 */
#ifndef OOPSBT_COMMON_STORE_REPEATS_H
#define OOPSBT_COMMON_STORE_REPEATS_H

#include "base/maybe.h"
#include "common/store.h"

#define STORE_REPEATS_FILE "repeats.json"
#define STORE_REPEATS_LISTED 200
#define STORE_REPEATS_MAX_BYTES ((size_t)1 << 20)

/* Borrowed strings; clean text (common/sanitize.h). */
struct store_repeat {
	const char *time;
	const char *title;
	struct maybe_int cpu;
	const char *signal;
	const char *phase; /* NULL: none */
	unsigned int not_collected;
};

/*
 * Adds a record to the dump @entry. @count: the dump's new count. Only one writer per dump at a
 * time. On error nothing changes; STORE_ERROR_NOT_FOUND: the dump was removed.
 */
bool store_repeats_add(const struct store_entry *entry, const struct store_repeat *repeat,
		       guint64 *count, GError **error);

/*
 * Reads the head of a dump's file, for store_entry.h. @dump: its directory. False: there is no
 * file.
 */
bool store_repeats_head(int dump, guint64 *count, char **last);

#endif
