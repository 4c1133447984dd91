// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/cpu_facts.h"

#include <string.h>

#include "kernel/arch.h"
#include "kernel/schedule.h"

/*
 * The parts of the preempt count (include/linux/preempt.h). From 7.3 on a nesting count of
 * local_interrupt_disable() precedes the part of hard interrupts.
 */
#define PREEMPT_DEPTH(count) ((count)&0xff)
#define SOFTIRQ_DEPTH(count) ((count) >> 8 & 0xff)
#define HARDIRQ_DEPTH(count, shift) ((count) >> (shift)&0xf)
#define NMI_DEPTH(count) ((count) >> 20 & 0xf)

/* In the softirq part: serving a softirq counts 1, each local_bh_disable() counts 2. */
#define SERVING_SOFTIRQ(depth) ((depth)&1)
#define BH_DISABLE_DEPTH(depth) ((depth) >> 1)

/* In a PREEMPT_RT kernel each task has its own count of disabled softirqs. */
static bool is_realtime(const struct analysis *analysis)
{
	return strstr(analysis->map->banner, "PREEMPT_RT") != NULL;
}

void cpu_facts_fill_depths(const struct analysis *analysis, const struct cpu *cpu,
			   struct report_vcpu *vcpu)
{
	bool interrupt_count = analysis->map->symbols[SYMBOL_local_interrupt_disable] != 0;
	uint32_t count = cpu->preempt_count;
	uint32_t softirqs = SOFTIRQ_DEPTH(count);

	vcpu->interrupts_on = (struct maybe_int){
		true, kernel_arch(&analysis->kernel)->interrupts_on(&vcpu->registers)};
	if (!cpu->preempt_known)
		return;
	vcpu->preempt_depth = (struct maybe_int){true, PREEMPT_DEPTH(count)};
	vcpu->softirq_depth = (struct maybe_int){true, softirqs};
	vcpu->hardirq_depth =
		(struct maybe_int){true, HARDIRQ_DEPTH(count, interrupt_count ? 24 : 16)};
	if (!interrupt_count)
		vcpu->nmi_depth = (struct maybe_int){true, NMI_DEPTH(count)};
	if (is_realtime(analysis))
		return;
	vcpu->serving_softirq = (struct maybe_int){true, SERVING_SOFTIRQ(softirqs)};
	vcpu->bh_disable_depth = (struct maybe_int){true, BH_DISABLE_DEPTH(softirqs)};
}

static GArray *read_schedules(const struct analysis *analysis)
{
	GArray *schedules = g_array_new(FALSE, TRUE, sizeof(struct schedule));

	for (guint i = 0; i < analysis->report->vcpus->len; i++) {
		struct schedule schedule;

		schedule_read(&analysis->kernel, &analysis->cpus[i], &schedule);
		g_array_append_val(schedules, schedule);
	}
	return schedules;
}

static void set_facts(const struct schedule *schedule, const struct schedule_now *now,
		      struct report_vcpu *vcpu)
{
	vcpu->runnable = schedule->runnable;
	vcpu->task_ran_ns = schedule_task_ran_ns(schedule, now);
	vcpu->tick_age_ns = schedule_tick_age_ns(schedule, now);
	vcpu->watchdog_age_ns = schedule_watchdog_age_ns(schedule, now);
}

/* Adds one line for each value that some CPU lacks, not one line for each CPU. */
static void explain(struct analysis *analysis, const char *field, size_t offset, const char *lacks)
{
	GString *cpus = g_string_new(NULL);
	g_autofree char *path = g_strdup_printf("vcpus[*].%s", field);

	for (guint i = 0; i < analysis->report->vcpus->len; i++) {
		const struct report_vcpu *vcpu =
			&g_array_index(analysis->report->vcpus, struct report_vcpu, i);
		const struct maybe_int *fact =
			(const struct maybe_int *)((const char *)vcpu + offset);

		if (vcpu->cpu.known && !fact->known)
			g_string_append_printf(cpus, "%s%" G_GINT64_FORMAT, cpus->len ? "," : "",
					       vcpu->cpu.value);
	}
	if (cpus->len && lacks)
		report_add_error(analysis->report, path, "this kernel has %s", lacks);
	else if (cpus->len)
		report_add_error(analysis->report, path,
				 "of CPU %s: not read while frozen, or not set", cpus->str);
	g_string_free(cpus, TRUE);
}

void cpu_facts_fill_schedules(struct analysis *analysis)
{
	const struct kernel *kernel = &analysis->kernel;
	GArray *vcpus = analysis->report->vcpus;
	g_autoptr(GArray) schedules = NULL;
	struct schedule_now now;

	if (!analysis->map || !analysis->cpus)
		return;
	schedules = read_schedules(analysis);
	schedule_now(kernel, schedules, analysis->report->guest.uptime_s, &now);
	for (guint i = 0; i < vcpus->len; i++)
		set_facts(&g_array_index(schedules, struct schedule, i), &now,
			  &g_array_index(vcpus, struct report_vcpu, i));
	explain(analysis, "runnable", G_STRUCT_OFFSET(struct report_vcpu, runnable),
		schedule_lacks_runnable(kernel));
	explain(analysis, "task_ran_ns", G_STRUCT_OFFSET(struct report_vcpu, task_ran_ns),
		schedule_lacks_task_ran(kernel));
	explain(analysis, "tick_age_ns", G_STRUCT_OFFSET(struct report_vcpu, tick_age_ns),
		schedule_lacks_tick(kernel));
	explain(analysis, "watchdog_age_ns", G_STRUCT_OFFSET(struct report_vcpu, watchdog_age_ns),
		schedule_lacks_watchdog(kernel));
	explain(analysis, "serving_softirq", G_STRUCT_OFFSET(struct report_vcpu, serving_softirq),
		is_realtime(analysis) ? "another count of softirqs (PREEMPT_RT)" : NULL);
}
