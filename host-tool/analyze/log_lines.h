/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of the guest's log by caller: several CPUs print at the same time, and one CPU or task
 * prints an oops.
 */
#ifndef OOPSBT_ANALYZE_LOG_LINES_H
#define OOPSBT_ANALYZE_LOG_LINES_H

#include "kernel/printk.h"

/* The records from index @from up to, but not including, @to. */
struct log_part {
	guint from, to;
};

struct log_part log_whole(const GArray *records);

/* The last number of an oops in @records; 0: none. */
unsigned int log_last_number(const GArray *records);

/* The first record with the number of an oops above @after; NULL: none. */
const struct printk_record *log_announcement(const GArray *records, unsigned int after);

/*
 * The lines in @part by the caller of @of: of char *, free with g_ptr_array_unref(). @sequences (of
 * uint64_t) receives the sequence number of each line's record. If callers are unknown: all lines.
 */
GPtrArray *log_lines_of_caller(const GArray *records, struct log_part part,
			       const struct printk_record *of, GArray *sequences);

#endif
