/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of each CPU in a report: interrupts, softirqs, scheduler and timer. */
#ifndef OOPSBT_ANALYZE_CPU_FACTS_H
#define OOPSBT_ANALYZE_CPU_FACTS_H

#include "analyze/analysis.h"

/* For one vCPU that Linux knows. */
void cpu_facts_fill_depths(const struct analysis *analysis, const struct cpu *cpu,
			   struct report_vcpu *vcpu);

/* For all CPUs. Call it after all vCPUs are filled. */
void cpu_facts_fill_schedules(struct analysis *analysis);

#endif
