/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "html_log.h"

#include <string.h>

#include "../members.h"
#include "../story.h"
#include "html_parts.h"

/* One half is for the incident; the other half, and the unused rest, for the records around it. */
#define MAX_BYTES ((size_t)160 << 10)
#define RECORD_BYTES 40 /* of a record in addition to its text: time and markup */
#define TAIL_RECORDS 60 /* initially visible records of a log without an incident */
#define LEVEL_ERROR 3
#define LEVEL_WARNING 4

struct log {
	JsonArray *records;
	guint count;
	guint first, end; /* the incident */
	bool has_story;
};

static size_t record_bytes(JsonObject *record)
{
	return strlen(member_text(record, "text", "")) + RECORD_BYTES;
}

/* The number of records from @from to @to that fit into *@budget; reduces *@budget. */
static guint fit(const struct log *log, guint from, guint to, size_t *budget)
{
	guint i = from;

	for (; i < to; i++) {
		size_t bytes = record_bytes(element_object(log->records, i));

		if (bytes > *budget)
			break;
		*budget -= bytes;
	}
	return i - from;
}

/* The same for the records before @to, back to @from. */
static guint fit_backwards(const struct log *log, guint from, guint to, size_t *budget)
{
	guint i = to;

	for (; i > from; i--) {
		size_t bytes = record_bytes(element_object(log->records, i - 1));

		if (bytes > *budget)
			break;
		*budget -= bytes;
	}
	return to - i;
}

static const char *class_of(JsonObject *record)
{
	gint64 level = member_number(record, "level", 6);

	return level <= LEVEL_ERROR ? "r e" : level == LEVEL_WARNING ? "r w" : "r";
}

static void add_record(struct html *html, JsonObject *record)
{
	gint64 ns = member_number(record, "time_ns", 0);

	html_elementf(html, "span", class_of(record),
		      "[%5" G_GINT64_FORMAT ".%06" G_GINT64_FORMAT "] %s\n", ns / 1000000000,
		      ns / 1000 % 1000000, member_text(record, "text", ""));
}

/* Adds the records from @from up to, but not including, @to as a folding part. */
static void add_part(struct html *html, const struct log *log, guint from, guint to,
		     const char *name, const char *class, bool is_open)
{
	if (from == to)
		return;
	html_open(html, "details", class);
	if (is_open)
		html_attribute(html, "open", "");
	html_elementf(html, "summary", NULL, "%s: %u line%s", name, to - from,
		      to - from == 1 ? "" : "s");
	html_open(html, "pre", "log");
	html_attribute(html, "tabindex", "0"); /* the keyboard can scroll it */
	for (guint i = from; i < to; i++)
		add_record(html, element_object(log->records, i));
	html_close(html);
	html_close(html);
}

static void add_cut(struct html *html, guint num, const char *where)
{
	if (num > 0)
		html_note(html, "%u lines %s are not on this page; dmesg.txt of the dump has them.",
			  num, where);
}

static void add_story(struct html *html, const struct log *log)
{
	size_t budget = MAX_BYTES / 2;
	guint of_story = fit(log, log->first, log->end, &budget);
	guint before;
	guint after;

	budget += MAX_BYTES / 4;
	before = fit_backwards(log, 0, log->first, &budget);
	budget += MAX_BYTES / 4;
	after = fit(log, log->end, log->count, &budget);
	add_cut(html, log->first - before, "at the beginning");
	add_part(html, log, log->first - before, log->first, "Before it", NULL, false);
	add_part(html, log, log->first, log->first + of_story, "The incident", "incident", true);
	add_cut(html, log->end - log->first - of_story, "of the incident");
	add_part(html, log, log->end, log->end + after, "After it", NULL, false);
	add_cut(html, log->count - log->end - after, "at the end");
}

static void add_end(struct html *html, const struct log *log)
{
	size_t budget = MAX_BYTES;
	guint shown = fit_backwards(log, 0, log->count, &budget);

	guint tail = log->count - MIN(shown, TAIL_RECORDS);

	add_cut(html, log->count - shown, "at the beginning");
	add_part(html, log, log->count - shown, tail, "Earlier", NULL, false);
	add_part(html, log, tail, log->count, "The end of the log", NULL, true);
}

/* The place of the script's filter; without a script there is no filter. */
static void add_filter(struct html *html)
{
	html_open(html, "p", "filter");
	html_attribute(html, "id", "log-filter");
	html_close(html);
}

void html_log(struct html *html, JsonObject *report)
{
	struct log log = {.records = member_array(member_object(report, "log"), "records")};

	log.count = log.records ? json_array_get_length(log.records) : 0;
	log.has_story = story_in_log(report, &log.first, &log.end);
	html_section(html, "log", "Kernel log");
	if (log.count == 0)
		html_note(html, "The report has no log.");
	else
		add_filter(html);
	if (log.has_story)
		add_story(html, &log);
	else if (log.count > 0)
		add_end(html, &log);
	html_close(html);
}
