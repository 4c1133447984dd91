/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Oopses that have no dump of their own, as their signals were left out (collection.suppressed):
 * which oop is the collection's own, and what the guest's log tells of the others.
 *
 * The kernel numbers its oopses. The map has the number that was told last; the collector counts
 * the signals since. A guest can lie in its log and send signals without an oops, or QEMU sends one
 * signal for several oopses: so the count of signals is held against the kernel's own count when it
 * was frozen, and against the stack that is in the telling of an oops then.
 */
#ifndef OOPSBT_ANALYZE_LEFT_OUT_H
#define OOPSBT_ANALYZE_LEFT_OUT_H

#include "analyze/analysis.h"

/*
 * Oopses up to this number are not what a collection is about whose signal came after others that
 * were left out. @told: the number that was told last. @records: of struct printk_record. The vCPUs
 * must be filled.
 */
unsigned int left_out_before(const struct analysis *analysis, const GArray *records,
			     unsigned int told);

/*
 * Fills report->left_out with the oops of @records numbered above those told before and below
 * @number, the collection's own; 0: it is not about an oops.
 */
void left_out_list(struct analysis *analysis, const GArray *records, unsigned int number);

#endif
