/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups of dumps that have something in common: how many, when, and of which domains, kernels,
 * bugs. A light record in a dump counts like a dump.
 */
#ifndef OOPSBT_PLUGIN_GROUPS_H
#define OOPSBT_PLUGIN_GROUPS_H

#include <glib.h>

#include "common/store_entry.h"

enum grouping {
	GROUP_BY_BUG, /* the fingerprint; the title for dumps without one */
	GROUP_BY_TITLE,
	GROUP_BY_DOMAIN,
	GROUP_BY_KERNEL,
	GROUP_BY_DAY, /* local time */
	GROUP_BY_HOST,
	NUM_GROUPINGS,
};

/* Converts a value of --by, "bug|title|...", and back. False: an unknown value. */
#define GROUPING_WORDS "bug|title|domain|kernel|day|host"
bool grouping_parse(const char *word, enum grouping *by);
const char *grouping_word(enum grouping by);

/* Entries are borrowed. Lists are of char *, sorted, without unknown values. */
struct group {
	char *key; /* the common value, as shown; NULL: unknown */
	guint count;
	guint week, week_before; /* in the last seven days, and in the seven days before */
	GDateTime *first, *last;
	const struct store_entry *newest;
	GPtrArray *domains, *kernels, *bugs;
	GPtrArray *hosts;  /* empty unless the dumps are from journals */
	guint num_domains; /* distinct domains: on several hosts some have the same name */
	guint num_hosts;
	guint new_hosts; /* hosts whose first dump is from the last seven days */
};

/*
 * Groups @entries (of struct store_entry, oldest first): array of struct group *. Sorted by
 * frequency, the most frequent last; equal ones by time, the latest last; days by date.
 */
GPtrArray *groups_make(const GPtrArray *entries, enum grouping by, GDateTime *now);

/* Reverses any array of pointers. */
void groups_reverse(GPtrArray *array);

#endif
