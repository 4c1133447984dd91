/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's own backtraces of its CPUs beside the host's view of the same CPUs. The guest takes
 * its own at another moment, so a CPU at work may rightly be elsewhere.
 */
#ifndef OOPSBT_ANALYZE_GUEST_TRACES_H
#define OOPSBT_ANALYZE_GUEST_TRACES_H

#include "report/report.h"

/* @records: of struct printk_record. Only backtraces newer than record @after are of this
 * collection. */
void guest_traces_add(struct report *report, const GArray *records, uint64_t after);

#endif
