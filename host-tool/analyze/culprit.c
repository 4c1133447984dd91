/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/culprit.h"

#include <string.h>

#include "analyze/task_chains.h"
#include "common/incident.h"
#include "kernel/blocked.h"
#include "report/fingerprint.h"

/* A task that passes quiescent states does not stay in the kernel this long. */
#define LONG_NS INT64_C(1000000000)

#define PREEMPTION "preempt_schedule" /* begins the names of the functions that preempt a task */

typedef void (*Add)(struct blame *blame, const char *function, const char *module);

static void blame_task(const struct report_vcpu *vcpu, Add add, struct blame *blame)
{
	for (guint i = 0; vcpu && i < vcpu->frames->len; i++) {
		const struct frame *frame = &g_array_index(vcpu->frames, struct frame, i);

		if (frame->stack == STACK_TASK && frame->reliable && frame->symbol.name)
			add(blame, frame->symbol.name, frame->symbol.module);
	}
}

/* An idle CPU may be in an interrupt just now. Its task has run for as long as it idles. */
static bool runs_idle_task(const struct report_vcpu *vcpu)
{
	return vcpu->task.pid.known && vcpu->task.pid.value == 0;
}

/* Is @vcpu a better guess? A task in a read-side critical section holds the grace period up. */
static bool is_longer(const struct report_vcpu *vcpu, const struct report_vcpu *longest)
{
	bool reads = vcpu->rcu_depth.value > 0;

	if (longest && reads != (longest->rcu_depth.value > 0))
		return reads;
	return !longest || vcpu->task_ran_ns.value > longest->task_ran_ns.value;
}

/* May a grace period wait for the vCPU? */
static bool may_hold_up(const struct report_vcpu *vcpu)
{
	return vcpu->context == REPORT_CONTEXT_KERNEL && !runs_idle_task(vcpu) &&
	       (!vcpu->rcu_waits.known || vcpu->rcu_waits.value);
}

/*
 * Of the vCPUs for which a grace period may wait, the one that has been in the kernel with one task
 * for the longest time; NULL: none for long.
 */
static const struct report_vcpu *longest_in_kernel(const struct report *report)
{
	const struct report_vcpu *longest = NULL;

	for (guint i = 0; i < report->vcpus->len; i++) {
		const struct report_vcpu *vcpu =
			&g_array_index(report->vcpus, struct report_vcpu, i);

		if (may_hold_up(vcpu) && vcpu->task_ran_ns.known &&
		    vcpu->task_ran_ns.value >= LONG_NS && is_longer(vcpu, longest))
			longest = vcpu;
	}
	return longest;
}

static bool is_rcu_stall(const struct report *report)
{
	return g_strcmp0(report->collection.incident, incident_name(INCIDENT_RCU_STALL)) == 0;
}

const struct report_sleeper *culprit_reader(const struct report *report)
{
	const struct report_tasks *tasks = &report->tasks;

	if (!is_rcu_stall(report) || tasks->readers->len == 0)
		return NULL;
	return &g_array_index(tasks->shown, struct report_sleeper,
			      g_array_index(tasks->readers, guint, 0));
}

/* The vCPU that runs the task; NULL: none. */
static const struct report_vcpu *cpu_of(const struct report *report,
					const struct report_sleeper *sleeper)
{
	const struct report_vcpu *vcpu = report_find_cpu(report, &sleeper->cpu);

	return vcpu && vcpu->task.known && vcpu->task.pid.value == sleeper->task.pid.value ? vcpu
											   : NULL;
}

const struct report_vcpu *culprit_cpu(const struct report *report)
{
	const struct report_vcpu *vcpu = report_find_cpu(report, &report->collection.stalled_cpu);
	const struct report_sleeper *reader = culprit_reader(report);

	if (vcpu || !is_rcu_stall(report))
		return vcpu;
	return reader ? cpu_of(report, reader) : longest_in_kernel(report);
}

/* A preempted task is blamed on the code below its preemption, a sleeping one on its wait. */
static void blame_reader(const struct report_sleeper *reader, Add add, struct blame *blame)
{
	const GArray *frames = reader->frames;
	guint first = 0;

	for (guint i = 0; i < frames->len; i++) {
		const struct frame *frame = &g_array_index(frames, struct frame, i);

		if (frame->symbol.name && g_str_has_prefix(frame->symbol.name, PREEMPTION))
			first = i + 1;
	}
	if (first == 0) {
		blocked_blame(frames, blame);
		return;
	}
	for (guint i = first; i < frames->len; i++) {
		const struct frame *frame = &g_array_index(frames, struct frame, i);

		if (frame->reliable && frame->symbol.name)
			add(blame, frame->symbol.name, frame->symbol.module);
	}
}

static void blame_stall(const struct report *report, Add add, struct blame *blame)
{
	const struct report_vcpu *vcpu = culprit_cpu(report);
	const struct report_sleeper *reader = culprit_reader(report);

	if (!vcpu && reader)
		blame_reader(reader, add, blame);
	else
		blame_task(vcpu, add, blame);
}

void culprit_of_stall(const struct report *report, struct blame *blame)
{
	blame_stall(report, blame_add, blame);
}

/* Blames the caller of panic(), not the functions that panic() calls. */
static void blame_panic(const struct report *report, struct blame *blame)
{
	const struct report_vcpu *vcpu = report_find_cpu(report, &report->guest.panic_cpu);
	bool passed = false;

	for (guint i = 0; vcpu && i < vcpu->frames->len; i++) {
		const struct frame *frame = &g_array_index(vcpu->frames, struct frame, i);

		if (!frame->reliable || !frame->symbol.name)
			continue;
		passed = passed || g_str_equal(frame->symbol.name, "panic");
		if (passed && frame->registers)
			blame_add_boundary(blame);
		if (passed)
			blame_add(blame, frame->symbol.name, frame->symbol.module);
	}
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* No task of a deadlock is the first, so its functions are sorted by name. */
void culprit_of_deadlock(const struct report *report, const struct report_chain *chain,
			 struct blame *blame)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < chain->tasks->len; i++) {
		guint task = g_array_index(chain->tasks, guint, i);
		struct blame own = {0};

		blocked_blame(
			g_array_index(report->tasks.shown, struct report_sleeper, task).frames,
			&own);
		if (blame_is_known(&own))
			g_ptr_array_add(names, g_strdup(own.functions[0]));
		blame_clear(&own);
	}
	g_ptr_array_sort(names, compare_names);
	for (guint i = 0; i < names->len; i++)
		blame_add(blame, names->pdata[i], NULL);
}

static void blame_tasks(const struct report *report, struct blame *blame)
{
	const struct report_chain *chain = task_chains_telling(report);
	const struct report_sleeper *cause = task_chains_cause(report);

	if (chain && chain->deadlock)
		culprit_of_deadlock(report, chain, blame);
	else if (cause)
		blocked_blame(cause->frames, blame);
}

static enum incident kind_of(const struct report *report)
{
	enum incident incident;

	/* A panic that follows is only a setting of the guest: the bug is the same. */
	if (report->oops.known)
		return INCIDENT_OOPS;
	if (report->complaint.known)
		return report->complaint.incident;
	if (report->collection.incident &&
	    incident_from_name(report->collection.incident, &incident))
		return incident;
	return report->guest.panic_cpu.known && report->guest.panic_cpu.value >= 0
		       ? INCIDENT_PANIC
		       : INCIDENT_COLLECT;
}

static void find_culprit(const struct report *report, enum incident kind, struct blame *blame)
{
	switch (kind) {
	case INCIDENT_PANIC:
		blame_panic(report, blame);
		break;
	case INCIDENT_SOFT_LOCKUP:
	case INCIDENT_HARD_LOCKUP:
	case INCIDENT_RCU_STALL:
		blame_stall(report, blame_add_of_loop, blame);
		blame_end(blame);
		break;
	case INCIDENT_HUNG_TASK:
		blame_tasks(report, blame);
		break;
	case INCIDENT_COLLECT:
		if (task_chains_telling(report))
			blame_tasks(report, blame);
		break;
	default:
		break;
	}
}

void culprit_conclude(struct report *report)
{
	enum incident kind = kind_of(report);

	/* After the end of a hang, the CPUs' stacks do not show its cause. */
	if (!blame_is_known(&report->culprit) && g_strcmp0(report->collection.phase, "ended"))
		find_culprit(report, kind, &report->culprit);
	report->fingerprint =
		fingerprint_make(incident_name(kind), &report->culprit, report->title);
}
