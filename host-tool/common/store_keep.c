/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/store_keep.h"

#include <string.h>

#include "common/store_entry.h"

/* The last known state of the guest before some entry. */
struct boot {
	unsigned int number; /* position in @entries; 0: no kernel is known yet */
	const char *kernel;
	gint64 die_counter;
	gint64 uptime_s;
};

static bool knows_kernel(const struct store_entry *entry)
{
	return entry->kernel || entry->die_counter >= 0 || entry->uptime_s >= 0;
}

static bool is_less(gint64 now, gint64 before)
{
	return now >= 0 && before >= 0 && now < before;
}

static void follow(struct boot *boot, const struct store_entry *entry)
{
	bool other_kernel =
		entry->kernel && boot->kernel && strcmp(entry->kernel, boot->kernel) != 0;

	if (!knows_kernel(entry))
		return;
	if (boot->number == 0 || other_kernel || is_less(entry->die_counter, boot->die_counter) ||
	    is_less(entry->uptime_s, boot->uptime_s))
		*boot = (struct boot){boot->number + 1, NULL, -1, -1};
	if (entry->kernel)
		boot->kernel = entry->kernel;
	if (entry->die_counter >= 0)
		boot->die_counter = entry->die_counter;
	if (entry->uptime_s >= 0)
		boot->uptime_s = entry->uptime_s;
}

/*
 * Sets @firsts[i] for the first entry of each group with several entries. NULL @names[i]: not in a
 * group.
 */
static void mark_firsts(char *const *names, guint num, bool *firsts)
{
	g_autoptr(GHashTable) first_of = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < num; i++) {
		void *first;

		if (names[i] == NULL)
			continue;
		if (g_hash_table_lookup_extended(first_of, names[i], NULL, &first))
			firsts[GPOINTER_TO_UINT(first)] = true;
		else
			g_hash_table_insert(first_of, names[i], GUINT_TO_POINTER(i));
	}
}

/* Dumps with light records are removed after dumps without. */
static void mark_repeated(const GPtrArray *entries, bool *firsts)
{
	for (guint i = 0; i < entries->len; i++)
		firsts[i] = firsts[i] || ((const struct store_entry *)entries->pdata[i])->repeats;
}

static void mark_first_of_titles(const GPtrArray *entries, bool *firsts)
{
	g_autofree char **names = g_new0(char *, entries->len);

	for (guint i = 0; i < entries->len; i++)
		names[i] = ((const struct store_entry *)entries->pdata[i])->title;
	mark_firsts(names, entries->len, firsts);
}

static void mark_first_of_boots(const GPtrArray *entries, bool *firsts)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	struct boot boot = {0, NULL, -1, -1};

	for (guint i = 0; i < entries->len; i++) {
		follow(&boot, entries->pdata[i]);
		g_ptr_array_add(names, boot.number > 0 ? g_strdup_printf("%u", boot.number) : NULL);
	}
	mark_firsts((char *const *)names->pdata, entries->len, firsts);
}

int store_keep_choose(const GPtrArray *entries)
{
	g_autofree bool *first_of_boot = g_new0(bool, entries->len + 1);
	g_autofree bool *first_of_title = g_new0(bool, entries->len + 1);

	if (entries->len < 2)
		return -1;
	mark_first_of_boots(entries, first_of_boot);
	mark_first_of_titles(entries, first_of_title);
	mark_repeated(entries, first_of_title);
	for (guint i = 0; i + 1 < entries->len; i++)
		if (!first_of_boot[i] && !first_of_title[i])
			return (int)i;
	for (guint i = 0; i + 1 < entries->len; i++)
		if (!first_of_boot[i])
			return (int)i;
	return 0;
}
