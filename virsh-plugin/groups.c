/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "groups.h"

#include <string.h>

#include "dumps.h"

#define WEEK_US (7 * G_TIME_SPAN_DAY)

static const char *const words[NUM_GROUPINGS] = {
	[GROUP_BY_BUG] = "bug",	      [GROUP_BY_TITLE] = "title", [GROUP_BY_DOMAIN] = "domain",
	[GROUP_BY_KERNEL] = "kernel", [GROUP_BY_DAY] = "day",	  [GROUP_BY_HOST] = "host",
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

/* A group under construction. Each table is a set; its texts belong to the entries. */
struct growing {
	struct group *group;
	GHashTable *domains; /* from the identity to the name */
	GHashTable *hosts;   /* the same */
	GHashTable *kernels;
	GHashTable *bugs;
};

static void growing_free(struct growing *growing)
{
	g_hash_table_unref(growing->domains);
	g_hash_table_unref(growing->hosts);
	g_hash_table_unref(growing->kernels);
	g_hash_table_unref(growing->bugs);
	g_free(growing);
}

static void group_free(struct group *group)
{
	g_free(group->key);
	g_date_time_unref(group->first);
	g_date_time_unref(group->last);
	g_ptr_array_unref(group->domains);
	g_ptr_array_unref(group->kernels);
	g_ptr_array_unref(group->bugs);
	g_ptr_array_unref(group->hosts);
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
	case GROUP_BY_HOST:
		return g_strdup(entry->host);
	default:
		return g_strdup(dumps_title(entry));
	}
}

/* Entries without a key are not one group: a dump without a fingerprint is grouped by its title. */
static char *identity_of(const struct store_entry *entry, enum grouping by, const char *key)
{
	if (by == GROUP_BY_DOMAIN && entry->uuid)
		return g_strdup(entry->uuid);
	if (by == GROUP_BY_HOST && entry->machine)
		return g_strdup(entry->machine);
	if (by == GROUP_BY_BUG && !key)
		return g_strconcat("title ", dumps_title(entry), NULL);
	return g_strdup(key ? key : "");
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_name(GHashTable *names, const char *name)
{
	if (name)
		g_hash_table_add(names, (char *)name);
}

/* False: @identity was in the set. */
static bool add_named(GHashTable *names, const char *identity, const char *name)
{
	return name &&
	       g_hash_table_insert(names, (char *)(identity ? identity : name), (char *)name);
}

/* The values, sorted, each once. */
static GPtrArray *sorted_names(GHashTable *names)
{
	GPtrArray *sorted = g_ptr_array_sized_new(g_hash_table_size(names));
	guint kept = 0;
	GHashTableIter iter;
	void *name;

	g_hash_table_iter_init(&iter, names);
	while (g_hash_table_iter_next(&iter, NULL, &name))
		g_ptr_array_add(sorted, name);
	g_ptr_array_sort(sorted, compare_names);
	for (guint i = 0; i < sorted->len; i++) {
		if (kept == 0 || strcmp(sorted->pdata[i], sorted->pdata[kept - 1]) != 0)
			sorted->pdata[kept++] = sorted->pdata[i];
	}
	g_ptr_array_set_size(sorted, (gint)kept);
	return sorted;
}

/* Many entries share their texts. */
static gboolean same_text(const void *a, const void *b)
{
	return a == b || strcmp(a, b) == 0;
}

static GHashTable *text_set(void)
{
	return g_hash_table_new(g_str_hash, same_text);
}

static struct growing *growing_new(char *key, GDateTime *time)
{
	struct growing *growing = g_new0(struct growing, 1);
	struct group *group = g_new0(struct group, 1);

	group->key = key;
	group->first = g_date_time_ref(time);
	group->last = g_date_time_ref(time);
	growing->group = group;
	growing->domains = text_set();
	growing->hosts = text_set();
	growing->kernels = text_set();
	growing->bugs = text_set();
	return growing;
}

static struct group *grown(const struct growing *growing)
{
	struct group *group = growing->group;

	group->num_domains = g_hash_table_size(growing->domains);
	group->num_hosts = g_hash_table_size(growing->hosts);
	group->domains = sorted_names(growing->domains);
	group->hosts = sorted_names(growing->hosts);
	group->kernels = sorted_names(growing->kernels);
	group->bugs = sorted_names(growing->bugs);
	return group;
}

static void group_add(struct growing *growing, const struct store_entry *entry, GDateTime *time,
		      GDateTime *now)
{
	GTimeSpan age = g_date_time_difference(now, time);
	struct group *group = growing->group;

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
	add_named(growing->domains, entry->uuid, entry->domain);
	if (add_named(growing->hosts, entry->machine, entry->host))
		group->new_hosts += age < WEEK_US;
	add_name(growing->kernels, entry->release);
	add_name(growing->bugs, entry->fingerprint ? entry->fingerprint : dumps_title(entry));
}

/* Counts repeats without a dump, at the time of the last one. */
static void group_add_repeats(struct growing *growing, const struct store_entry *entry,
			      GDateTime *now)
{
	g_autoptr(GDateTime) last =
		entry->repeated ? g_date_time_new_from_iso8601(entry->repeated, NULL) : NULL;
	struct group *group = growing->group;
	GTimeSpan age;

	if (entry->repeats == 0 || last == NULL)
		return;
	age = g_date_time_difference(now, last);
	group->count += (guint)entry->repeats;
	group->week += age < WEEK_US ? (guint)entry->repeats : 0;
	group->week_before += age >= WEEK_US && age < 2 * WEEK_US ? (guint)entry->repeats : 0;
	if (g_date_time_compare(last, group->last) > 0) {
		g_date_time_unref(group->last);
		group->last = g_steal_pointer(&last);
	}
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

static struct growing *group_of(GHashTable *found, const struct store_entry *entry,
				enum grouping by, GDateTime *time)
{
	g_autofree char *key = key_of(entry, by);
	g_autofree char *identity = identity_of(entry, by, key);
	struct growing *growing = g_hash_table_lookup(found, identity);

	if (!growing) {
		growing = growing_new(g_steal_pointer(&key), time);
		g_hash_table_insert(found, g_steal_pointer(&identity), growing);
	}
	return growing;
}

GPtrArray *groups_make(const GPtrArray *entries, enum grouping by, GDateTime *now)
{
	GPtrArray *groups = g_ptr_array_new_with_free_func((GDestroyNotify)group_free);
	g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
							    (GDestroyNotify)growing_free);
	GHashTableIter iter;
	void *growing;

	for (guint i = 0; i < entries->len; i++) {
		const struct store_entry *entry = entries->pdata[i];
		g_autoptr(GDateTime) time = dumps_time(entry);

		struct growing *of = group_of(found, entry, by, time);

		group_add(of, entry, time, now);
		group_add_repeats(of, entry, now);
	}
	g_hash_table_iter_init(&iter, found);
	while (g_hash_table_iter_next(&iter, NULL, &growing))
		g_ptr_array_add(groups, grown(growing));
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
