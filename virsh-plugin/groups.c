/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "groups.h"

#include <string.h>

#include "dumps.h"

#define WEEK_US (7 * G_TIME_SPAN_DAY)

static const char *const words[NUM_GROUPINGS] = {
	[GROUP_BY_BUG] = "bug",	      [GROUP_BY_TITLE] = "title", [GROUP_BY_DOMAIN] = "domain",
	[GROUP_BY_KERNEL] = "kernel", [GROUP_BY_DAY] = "day",
};

const char *grouping_word(enum grouping by)
{
	return words[by];
}

bool grouping_parse(const char *word, enum grouping *by)
{
	for (unsigned int i = 0; i < NUM_GROUPINGS; i++) {
		if (!strcmp(words[i], word)) {
			*by = (enum grouping)i;
			return true;
		}
	}
	return false;
}

static void group_free(struct group *group)
{
	g_free(group->key);
	g_date_time_unref(group->first);
	g_date_time_unref(group->last);
	g_ptr_array_unref(group->domains);
	g_ptr_array_unref(group->kernels);
	g_ptr_array_unref(group->bugs);
	g_free(group);
}

static char *day_of(const struct store_entry *entry)
{
	g_autoptr(GDateTime) time = dumps_time(entry);
	g_autoptr(GDateTime) local = g_date_time_to_local(time);

	return g_date_time_format(local, "%Y-%m-%d");
}

static char *key_of(const struct store_entry *entry, enum grouping by)
{
	switch (by) {
	case GROUP_BY_BUG:
		return g_strdup(entry->fingerprint);
	case GROUP_BY_DOMAIN:
		return g_strdup(entry->domain);
	case GROUP_BY_KERNEL:
		return g_strdup(entry->release);
	case GROUP_BY_DAY:
		return day_of(entry);
	default:
		return g_strdup(dumps_title(entry));
	}
}

/* What has no key is not all the same: a dump without fingerprint is of the bug of its title. */
static char *identity_of(const struct store_entry *entry, enum grouping by, const char *key)
{
	if (by == GROUP_BY_DOMAIN && entry->uuid)
		return g_strdup(entry->uuid);
	if (by == GROUP_BY_BUG && !key)
		return g_strconcat("title ", dumps_title(entry), NULL);
	return g_strdup(key ? key : "");
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_name(GPtrArray *names, const char *name)
{
	if (!name || g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
		return;
	g_ptr_array_add(names, (char *)name);
	g_ptr_array_sort(names, compare_names);
}

static struct group *group_new(char *key, GDateTime *time)
{
	struct group *group = g_new0(struct group, 1);

	group->key = key;
	group->first = g_date_time_ref(time);
	group->last = g_date_time_ref(time);
	group->domains = g_ptr_array_new();
	group->kernels = g_ptr_array_new();
	group->bugs = g_ptr_array_new();
	return group;
}

static void group_add(struct group *group, const struct store_entry *entry, GDateTime *time,
		      GDateTime *now)
{
	GTimeSpan age = g_date_time_difference(now, time);

	group->count++;
	group->week += age < WEEK_US;
	group->week_before += age >= WEEK_US && age < 2 * WEEK_US;
	if (g_date_time_compare(time, group->first) < 0) {
		g_date_time_unref(group->first);
		group->first = g_date_time_ref(time);
	}
	if (g_date_time_compare(time, group->last) >= 0) {
		g_date_time_unref(group->last);
		group->last = g_date_time_ref(time);
		group->newest = entry;
	}
	add_name(group->domains, entry->domain);
	add_name(group->kernels, entry->release);
	add_name(group->bugs, entry->fingerprint ? entry->fingerprint : dumps_title(entry));
}

static int compare_times(const void *a, const void *b)
{
	const struct group *left = *(struct group *const *)a;
	const struct group *right = *(struct group *const *)b;
	int order = g_date_time_compare(left->last, right->last);

	return order ? order : strcmp(left->newest->id, right->newest->id);
}

static int compare_counts(const void *a, const void *b)
{
	const struct group *left = *(struct group *const *)a;
	const struct group *right = *(struct group *const *)b;

	if (left->count != right->count)
		return left->count < right->count ? -1 : 1;
	return compare_times(a, b);
}

GPtrArray *groups_make(const GPtrArray *entries, enum grouping by, GDateTime *now)
{
	GPtrArray *groups = g_ptr_array_new_with_free_func((GDestroyNotify)group_free);
	g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < entries->len; i++) {
		const struct store_entry *entry = entries->pdata[i];
		g_autofree char *key = key_of(entry, by);
		g_autofree char *identity = identity_of(entry, by, key);
		g_autoptr(GDateTime) time = dumps_time(entry);
		struct group *group = g_hash_table_lookup(found, identity);

		if (!group) {
			group = group_new(g_steal_pointer(&key), time);
			g_ptr_array_add(groups, group);
			g_hash_table_insert(found, g_steal_pointer(&identity), group);
		}
		group_add(group, entry, time, now);
	}
	g_ptr_array_sort(groups, by == GROUP_BY_DAY ? compare_times : compare_counts);
	return groups;
}

void groups_reverse(GPtrArray *array)
{
	for (guint i = 0; i < array->len / 2; i++) {
		void *element = array->pdata[i];

		array->pdata[i] = array->pdata[array->len - 1 - i];
		array->pdata[array->len - 1 - i] = element;
	}
}
