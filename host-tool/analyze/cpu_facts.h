/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a report says of each CPU beside its stack: interrupts, softirqs, scheduler and timer. */
#ifndef OOPSBT_ANALYZE_CPU_FACTS_H
#define OOPSBT_ANALYZE_CPU_FACTS_H

#include "analyze/analysis.h"

/* Of one vCPU that is known to Linux. */
void cpu_facts_fill_depths(const struct analysis *analysis, const struct cpu *cpu,
			   struct report_vcpu *vcpu);

/* Of all, when they are filled. */
void cpu_facts_fill_schedules(struct analysis *analysis);

#endif
