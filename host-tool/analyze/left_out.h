/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Oopses without a dump, because their signals were skipped (collection.suppressed) or nobody
 * watched the guest (collection.unwatched): finds the collection's own oops, and what the log says
 * of the others.
 *
 * The kernel numbers its oopses. The map has the last reported number; the collector counts the
 * signals since. A guest can write false log text and send signals without an oops, and QEMU may
 * send one signal for several oopses. So the number of signals is checked against the kernel's
 * count at the freeze, and against the stack of the CPU that handled an oops then.
 */
#ifndef OOPSBT_ANALYZE_LEFT_OUT_H
#define OOPSBT_ANALYZE_LEFT_OUT_H

#include "analyze/analysis.h"

/*
 * The highest number of oopses that came before the collection's own. @told: the last reported
 * number. @records: of struct printk_record. The vCPUs must be filled.
 */
unsigned int left_out_before(const struct analysis *analysis, const GArray *records,
			     unsigned int told);

/*
 * Fills report->left_out and report->missed with the oopses of @records above the last reported
 * number and below @number, the collection's own; 0: it is not about an oops.
 */
void left_out_list(struct analysis *analysis, const GArray *records, unsigned int number);

#endif
