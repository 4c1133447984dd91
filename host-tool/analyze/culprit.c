/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/culprit.h"

#include <string.h>

#include "common/incident.h"
#include "report/fingerprint.h"

typedef void (*Add)(struct blame *blame, const char *function, const char *module);

static void blame_task(const struct report_vcpu *vcpu, Add add, struct blame *blame)
{
	for (guint i = 0; vcpu && i < vcpu->frames->len; i++) {
		const struct frame *frame = &g_array_index(vcpu->frames, struct frame, i);

		if (frame->stack == STACK_TASK && frame->reliable && frame->symbol.name)
			add(blame, frame->symbol.name, frame->symbol.module);
	}
}

void culprit_of_stall(const struct report *report, struct blame *blame)
{
	blame_task(report_find_cpu(report, &report->collection.stalled_cpu), blame_add, blame);
}

/* Who called panic(); what panic() calls is not to blame. */
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

/* A deadlock has no first task: its functions are put in the order of the alphabet. */
static void blame_chain(const struct report *report, struct blame *blame)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const GArray *chains = report->tasks.chains;

	if (!chains->len)
		return;
	for (guint i = 0; i < g_array_index(chains, struct report_chain, 0).tasks->len; i++) {
		guint task = g_array_index(g_array_index(chains, struct report_chain, 0).tasks,
					   guint, i);
		const struct report_sleeper *sleeper =
			&g_array_index(report->tasks.shown, struct report_sleeper, task);

		if (sleeper->waits_in)
			g_ptr_array_add(names, sleeper->waits_in);
	}
	g_ptr_array_sort(names, compare_names);
	for (guint i = 0; i < names->len; i++)
		blame_add(blame, names->pdata[i], NULL);
}

static enum incident kind_of(const struct report *report)
{
	enum incident incident;

	/* Whether the kernel panics of it is a setting of the guest's. */
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
		blame_task(report_find_cpu(report, &report->collection.stalled_cpu),
			   blame_add_of_loop, blame);
		break;
	case INCIDENT_HUNG_TASK:
	case INCIDENT_COLLECT:
		blame_chain(report, blame);
		break;
	default:
		break;
	}
}

void culprit_conclude(struct report *report)
{
	enum incident kind = kind_of(report);

	/* What its CPUs do when a hang is over is no reason for it. */
	if (!blame_is_known(&report->culprit) && g_strcmp0(report->collection.phase, "ended"))
		find_culprit(report, kind, &report->culprit);
	report->fingerprint =
		fingerprint_make(incident_name(kind), &report->culprit, report->title);
}
