/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compares the guest's own backtraces with the host's view of the same CPUs. The guest takes its
 * backtraces at another time, so an active CPU may be elsewhere.
 */
#ifndef OOPSBT_ANALYZE_GUEST_TRACES_H
#define OOPSBT_ANALYZE_GUEST_TRACES_H

#include "report/report.h"

/* @records: of struct printk_record. Backtraces up to record @after belong to earlier events. */
void guest_traces_add(struct report *report, const GArray *records, uint64_t after);

#endif
