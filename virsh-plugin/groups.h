/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dumps that have something in common, as one: how many, when, of which domains, kernels, bugs.
 * What has a light record in a dump counts as if it were a dump.
 */
#ifndef OOPSBT_PLUGIN_GROUPS_H
#define OOPSBT_PLUGIN_GROUPS_H

#include <glib.h>

#include "common/store_entry.h"

enum grouping {
	GROUP_BY_BUG, /* the fingerprint; the title of dumps without one */
	GROUP_BY_TITLE,
	GROUP_BY_DOMAIN,
	GROUP_BY_KERNEL,
	GROUP_BY_DAY, /* local */
	GROUP_BY_HOST,
	NUM_GROUPINGS,
};

/* The words for --by, "bug|title|...", and back. False: none of them. */
#define GROUPING_WORDS "bug|title|domain|kernel|day|host"
bool grouping_parse(const char *word, enum grouping *by);
const char *grouping_word(enum grouping by);

/* Entries are borrowed; lists are sorted, of char *, without what is not known. */
struct group {
	char *key; /* what is common, as it is shown; NULL: it is not known */
	guint count;
	guint week, week_before; /* of them, in the last seven days, and in those before */
	GDateTime *first, *last;
	const struct store_entry *newest;
	GPtrArray *domains, *kernels, *bugs;
	GPtrArray *hosts;  /* none, unless journals told of the dumps */
	guint num_domains; /* different ones: on many hosts some have the same name */
	guint num_hosts;
	guint new_hosts; /* of them, those whose first dump is of the last seven days */
};

/*
 * Array of struct group *, of @entries (of struct store_entry, the oldest first). The most frequent
 * is the last, of those that are equally frequent the latest; days are in their order.
 */
GPtrArray *groups_make(const GPtrArray *entries, enum grouping by, GDateTime *now);

/* Of groups, or of anything else. */
void groups_reverse(GPtrArray *array);

#endif
