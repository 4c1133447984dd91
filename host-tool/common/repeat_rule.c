/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/repeat_rule.h"

#include <string.h>

#include "common/store_id.h"

/* Real time, in seconds. */
struct span {
	gint64 from, to;
};

static gint64 seconds(GDateTime *time, gint64 otherwise)
{
	return time ? g_date_time_to_unix(time) : otherwise;
}

/* From the time when it was stored to the last incident of its bug. */
static struct span span_of(const struct store_entry *entry)
{
	g_autoptr(GDateTime) stored = store_id_time(entry->id);
	g_autoptr(GDateTime) last =
		entry->repeated ? g_date_time_new_from_iso8601(entry->repeated, NULL) : NULL;
	gint64 from = seconds(stored, 0);
	gint64 to = seconds(last, from);

	return (struct span){MIN(from, to), MAX(from, to)};
}

static bool is_same_bug(const struct store_entry *entry, const struct repeat_question *question)
{
	return g_strcmp0(entry->fingerprint, question->fingerprint) == 0 &&
	       g_strcmp0(entry->release, question->release) == 0;
}

/* Adds to @series the @entries that are near it in time, and returns their number. */
static unsigned int take_near(const GPtrArray *entries, const struct repeat_question *question,
			      struct span *series, bool *taken)
{
	unsigned int count = 0;

	for (guint i = 0; i < entries->len; i++) {
		const struct store_entry *entry = entries->pdata[i];
		struct span span;

		if (taken[i] || !is_same_bug(entry, question))
			continue;
		span = span_of(entry);
		if (span.from >= series->to + REPEAT_QUIET_S ||
		    span.to <= series->from - REPEAT_QUIET_S)
			continue;
		taken[i] = true;
		series->from = MIN(series->from, span.from);
		series->to = MAX(series->to, span.to);
		count++;
	}
	return count;
}

const struct store_entry *repeat_rule_holder(const GPtrArray *entries,
					     const struct repeat_question *question)
{
	g_autofree bool *taken = g_new0(bool, entries->len + 1);
	struct span series = {question->now_s, question->now_s};
	unsigned int count = 0, more;

	if (question->fingerprint == NULL || question->release == NULL)
		return NULL;
	do {
		more = take_near(entries, question, &series, taken);
		count += more;
	} while (more);
	if (count < question->full)
		return NULL;
	for (guint i = 0; i < entries->len; i++)
		if (taken[i])
			return entries->pdata[i];
	return NULL;
}
