// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/left_out.h"

#include <inttypes.h>

#include "analyze/fault.h"
#include "analyze/log_lines.h"
#include "kernel/oops-log.h"

/* Oopses beyond this number are only counted. */
#define MAX_LISTED 64
/* Records to search for an oops's text before its number; the log has records of all callers. */
#define RECORDS_BEFORE 64
#define RECORDS_AFTER 2048

static const struct suppressed_signals *suppressed(const struct analysis *analysis)
{
	return &analysis->report->collection.suppressed;
}

static bool may_be_left_out(const struct analysis *analysis)
{
	return suppressed(analysis)->oopses > 0 || analysis->report->collection.unwatched;
}

/* The oops with this number in a part of the log. */
static bool find_in(const GArray *records, struct log_part part, const struct printk_record *of,
		    unsigned int number, struct oops_text *oops)
{
	g_autoptr(GArray) sequences = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	g_autoptr(GPtrArray) lines = log_lines_of_caller(records, part, of, sequences);

	if (oops_text_find(lines, number - 1, oops) && oops->number == number)
		return true;
	oops_text_clear(oops);
	return false;
}

/* The oops whose number is in record @i. */
static bool find_around(const GArray *records, guint i, unsigned int number, struct oops_text *oops)
{
	const struct printk_record *of = &g_array_index(records, struct printk_record, i);
	struct log_part part = {
		.from = i > RECORDS_BEFORE ? i - RECORDS_BEFORE : 0,
		.to = MIN(records->len, i + RECORDS_AFTER),
	};

	if (find_in(records, part, of, number, oops))
		return true;
	/* A larger number before it is false; the rest of the log may be true. */
	part.from = i;
	return find_in(records, part, of, number, oops);
}

/* Is this the oops that the CPU handles on its stack? */
static bool stack_tells_of(const struct analysis *analysis, const GArray *records,
			   unsigned int number)
{
	bool tells = false;

	for (guint i = 0; i < records->len && !tells; i++) {
		const struct printk_record *record =
			&g_array_index(records, struct printk_record, i);
		struct oops_text oops;

		if (oops_line_number(record->text) != number ||
		    !find_around(records, i, number, &oops))
			continue;
		tells = fault_is_on_stack_of(analysis, &oops.cpu, &oops.pid);
		oops_text_clear(&oops);
	}
	return tells;
}

unsigned int left_out_before(const struct analysis *analysis, const GArray *records,
			     unsigned int told)
{
	const struct report_collection *collection = &analysis->report->collection;
	const struct maybe_int *die_counter = &analysis->settings.die_counter;
	uint64_t before = (uint64_t)told + suppressed(analysis)->oopses;
	unsigned int counted = (unsigned int)die_counter->value;

	if (!may_be_left_out(analysis))
		return told;
	if (!die_counter->known || counted < told)
		return (unsigned int)MIN(before, UINT_MAX);
	/* The kernel counts an oops after its signal, when it prints the line with the number. */
	if (!collection->waiting && !collection->deferred && fault_is_on_stack(analysis))
		return counted > told && stack_tells_of(analysis, records, counted) ? counted - 1
										    : counted;
	before = MIN(before, counted);
	if (!collection->waiting && counted > told)
		before = MAX(before, counted - 1);
	return (unsigned int)before;
}

static bool is_listed(const GArray *list, unsigned int number)
{
	for (guint i = 0; i < list->len; i++)
		if (g_array_index(list, struct report_left_out, i).number == number)
			return true;
	return false;
}

static void list_one(GArray *list, const GArray *records, guint i, unsigned int number)
{
	const struct printk_record *record = &g_array_index(records, struct printk_record, i);
	struct report_left_out entry = {.number = number, .time_ns = record->time_ns};
	struct oops_text oops = {0};

	if (find_around(records, i, number, &oops)) {
		entry.cpu = oops.cpu;
		entry.pid = oops.pid;
		entry.comm = g_steal_pointer(&oops.comm);
	}
	entry.title = oops_text_title(&oops);
	oops_text_clear(&oops);
	g_array_append_val(list, entry);
}

static void list_between(struct report *report, const GArray *records, uint64_t told, uint64_t end)
{
	for (guint i = 0; i < records->len; i++) {
		unsigned int number =
			oops_line_number(g_array_index(records, struct printk_record, i).text);

		if (number <= told || number >= end || is_listed(report->left_out, number))
			continue;
		if (report->left_out->len < MAX_LISTED)
			list_one(report->left_out, records, i, number);
		else
			report->num_more_left_out++;
	}
}

void left_out_list(struct analysis *analysis, const GArray *records, unsigned int number)
{
	struct report *report = analysis->report;
	uint64_t num = suppressed(analysis)->oopses;
	uint64_t told = analysis->map->oopses_told - 1;
	guint found;

	if (!may_be_left_out(analysis))
		return;
	if (analysis->map->oopses_told == OOPSES_TOLD_UNKNOWN) {
		if (num)
			report_add_error(report, "suppressed.oopses",
					 "the oopses that were left out cannot be listed: the "
					 "kernel was not known yet");
		return;
	}
	if (report->collection.unwatched && number > told + num + 1) {
		report->missed = (unsigned int)(number - told - num - 1);
		num += report->missed;
	}
	list_between(report, records, told, number ? number : told + num + 1);
	found = report->left_out->len + report->num_more_left_out;
	if (found < num)
		report_add_error(report, "suppressed.oopses",
				 "of %" PRIu64
				 " oopses that were not collected the guest's log has %u",
				 num, found);
}
