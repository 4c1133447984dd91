/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same bug again: a dump has a file of light records, one for each later incident of its bug
 * that has no dump of its own (repeat_rule.h says which). The file is replaced as a whole, so it is
 * the old one or the new one, also after a crash of the host:
 *
 *   { "schema": 1, "count": N, "last": TIME, "records": [
 *     { "time", "cpu", "title", "signal", "phase", "not_collected" }, ... ] }
 *
 * TIME and "time": RFC 3339 UTC, of the signal. "cpu": the kernel's number, or null. "phase": as in
 * common/collection.h, or null. "not_collected": signals before this one that nothing else tells
 * of. All are counted; the first and the last STORE_REPEATS_LISTED / 2 are listed.
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
 * Adds a record to the dump @entry. @count: how many the dump has now. One writer a dump at a time.
 * On error nothing is changed; STORE_ERROR_NOT_FOUND: the dump has been removed.
 */
bool store_repeats_add(const struct store_entry *entry, const struct store_repeat *repeat,
		       guint64 *count, GError **error);

/* What the head of a dump's file says, for store_entry.h. @dump: its directory. False: none. */
bool store_repeats_head(int dump, guint64 *count, char **last);

#endif
