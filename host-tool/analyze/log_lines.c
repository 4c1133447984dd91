// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/log_lines.h"

#include "kernel/oops-log.h"

static const struct printk_record *record_at(const GArray *records, guint i)
{
	return &g_array_index(records, struct printk_record, i);
}

struct log_part log_whole(const GArray *records)
{
	return (struct log_part){0, records->len};
}

unsigned int log_last_number(const GArray *records)
{
	unsigned int last = 0;

	for (guint i = 0; i < records->len; i++)
		last = MAX(last, oops_line_number(record_at(records, i)->text));
	return last;
}

const struct printk_record *log_announcement(const GArray *records, unsigned int after)
{
	for (guint i = 0; i < records->len; i++)
		if (oops_line_number(record_at(records, i)->text) > after)
			return record_at(records, i);
	return NULL;
}

static void add_lines(const struct printk_record *record, GPtrArray *lines, GArray *sequences)
{
	g_auto(GStrv) parts = g_strsplit(record->text, "\n", 0);

	for (char **part = parts; *part; part++) {
		g_ptr_array_add(lines, g_strdup(*part));
		g_array_append_val(sequences, record->sequence);
	}
}

GPtrArray *log_lines_of_caller(const GArray *records, struct log_part part,
			       const struct printk_record *of, GArray *sequences)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

	for (guint i = part.from; i < part.to; i++)
		if (!of->caller_known || record_at(records, i)->caller == of->caller)
			add_lines(record_at(records, i), lines, sequences);
	return lines;
}
