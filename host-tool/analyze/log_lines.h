/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of the guest's log where records are of several callers: CPUs print at the same time, and
 * an oops is told by one of them, or by one task.
 */
#ifndef OOPSBT_ANALYZE_LOG_LINES_H
#define OOPSBT_ANALYZE_LOG_LINES_H

#include "kernel/printk.h"

/* Of @records (of struct printk_record), those from @from on and before @to. */
struct log_part {
	guint from, to;
};

struct log_part log_whole(const GArray *records);

/* The number of the oops that is counted last in @records; 0: none. */
unsigned int log_last_number(const GArray *records);

/* The first record that has the number of an oops, above @after; NULL: none. */
const struct printk_record *log_announcement(const GArray *records, unsigned int after);

/*
 * What the caller of @of printed in @part: of char *, free with g_ptr_array_unref(). @sequences (of
 * uint64_t) gets the sequence number of each line's record. Where callers are not known: all.
 */
GPtrArray *log_lines_of_caller(const GArray *records, struct log_part part,
			       const struct printk_record *of, GArray *sequences);

#endif
