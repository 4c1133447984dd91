/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registers at the fault, the code there and why the instruction faulted: from what the guest
 * printed and from its memory.
 */
#ifndef OOPSBT_ANALYZE_FAULT_H
#define OOPSBT_ANALYZE_FAULT_H

#include "analyze/analysis.h"
#include "kernel/oops-log.h"

/*
 * After the vCPUs are filled. Takes what it needs of @oops; report->oops is filled from it. What a
 * guest had not printed when it was frozen is told by the stack, if the fault is still on it: into
 * @oops, too, which CPU and whose code.
 */
void fault_fill(struct analysis *analysis, struct oops_text *oops);

/* Is one CPU, and no other, in the kernel's telling of an oops, with the fault still on its stack?
 */
bool fault_is_on_stack(const struct analysis *analysis);

/* The same, and it is that CPU, in that task. False where one of the two is not known. */
bool fault_is_on_stack_of(const struct analysis *analysis, const struct maybe_int *cpu,
			  const struct maybe_int *pid);

#endif
