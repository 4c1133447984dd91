/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose code is to blame where no text of an oops says it, and the fingerprint that makes. */
#ifndef OOPSBT_ANALYZE_CULPRIT_H
#define OOPSBT_ANALYZE_CULPRIT_H

#include "report/report.h"

/*
 * The CPU that stands still. Nobody saw which one holds a grace period up: the one that has been in
 * the kernel with the same task for long. NULL: none is known; a reader may sleep, too.
 */
const struct report_vcpu *culprit_cpu(const struct report *report);

/*
 * Where the CPU that stands still was seen, below interrupts, which are not to blame. A fingerprint
 * goes by the loop that it is in.
 */
void culprit_of_stall(const struct report *report, struct blame *blame);

/* When all else is filled, the title too. */
void culprit_conclude(struct report *report);

#endif
