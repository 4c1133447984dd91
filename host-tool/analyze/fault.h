/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registers at the fault, the code there and why the instruction faulted: from the guest's log
 * and its memory.
 */
#ifndef OOPSBT_ANALYZE_FAULT_H
#define OOPSBT_ANALYZE_FAULT_H

#include "analyze/analysis.h"
#include "kernel/oops-log.h"

/*
 * Call it after the vCPUs are filled. Takes what it needs of @oops and fills report->oops. If the
 * fault is still on a stack, that stack provides what the guest had not printed when it was frozen;
 * this also sets the CPU and the blame in @oops.
 */
void fault_fill(struct analysis *analysis, struct oops_text *oops);

/* Does exactly one CPU handle an oops, with the fault still on its stack? */
bool fault_is_on_stack(const struct analysis *analysis);

/* The same, and is it @cpu in the given task? False if one of them is unknown. */
bool fault_is_on_stack_of(const struct analysis *analysis, const struct maybe_int *cpu,
			  const struct maybe_int *pid);

#endif
