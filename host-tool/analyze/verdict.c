/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/verdict.h"

#include <inttypes.h>

#include "analyze/culprit.h"
#include "analyze/task_chains.h"
#include "common/incident.h"
#include "kernel/blame.h"

#define NS_PER_S 1000000000
#define SLOW_NS (INT64_C(2) * NS_PER_S) /* no working disk takes this long */

static const char guest[] = "guest", host[] = "host", unknown[] = "unknown";

static void append_task(GString *text, const struct report_task *task)
{
	g_string_append(text, task->comm ? task->comm : "a task");
	if (task->pid.known)
		g_string_append_printf(text, " (pid %" PRId64 ")", task->pid.value);
}

/* --- a CPU --- */

static void append_culprit(GString *text, const struct report *report)
{
	struct blame blame = {0};

	culprit_of_stall(report, &blame);
	if (blame_is_known(&blame))
		g_string_append_printf(text, " in %s", blame.functions[0]);
	if (blame_is_known(&blame) && blame.module)
		g_string_append_printf(text, " [%s]", blame.module);
	blame_clear(&blame);
}

static void append_lock(GString *text, const struct report_vcpu *vcpu)
{
	if (!vcpu->waits_for_lock)
		return;
	g_string_append(text, ", and waits for the lock ");
	if (vcpu->lock_symbol)
		g_string_append(text, vcpu->lock_symbol);
	else
		g_string_append_printf(text, "at 0x%016" PRIx64, vcpu->lock_address);
}

static bool takes_interrupts(const struct report_vcpu *vcpu)
{
	return vcpu->context == REPORT_CONTEXT_USER || vcpu->interrupts_on.value != 0;
}

/* An interrupt handler has interrupts off, whatever the code that it interrupted has. */
static void append_interrupts(GString *text, const struct report_vcpu *vcpu)
{
	if (vcpu->context == REPORT_CONTEXT_USER || !vcpu->interrupts_on.known)
		return;
	if (!vcpu->interrupts_on.value && vcpu->hardirq_depth.value > 0)
		g_string_append(text, ", and is in an interrupt");
	else
		g_string_append_printf(text, ", with interrupts %s",
				       vcpu->interrupts_on.value ? "on" : "off");
}

/* "CPU 1 runs sh (pid 12) in FUNCTION [MODULE], with interrupts off. " */
static void append_cpu(GString *text, const struct report *report, const struct report_vcpu *vcpu)
{
	if (!vcpu || !vcpu->task.known)
		return;
	g_string_append_printf(text, "CPU %" PRId64 " runs ", vcpu->cpu.value);
	append_task(text, &vcpu->task);
	if (vcpu->context == REPORT_CONTEXT_USER)
		g_string_append(text, " in user mode");
	else
		append_culprit(text, report);
	append_interrupts(text, vcpu);
	append_lock(text, vcpu);
	g_string_append(text, ". ");
}

static const char *judge_hard_lockup(GString *text, const struct report *report)
{
	const struct report_vcpu *vcpu = culprit_cpu(report);

	append_cpu(text, report, vcpu);
	if (vcpu && (vcpu->interrupts_on.known || vcpu->context == REPORT_CONTEXT_USER) &&
	    takes_interrupts(vcpu)) {
		g_string_append(text, "Who is to blame is not known: the CPU takes interrupts, but "
				      "its timer interrupt does not come.");
		return unknown;
	}
	g_string_append(text, "The guest is to blame: the host let this CPU run.");
	return guest;
}

static const char *judge_soft_lockup(GString *text, const struct report *report)
{
	append_cpu(text, report, culprit_cpu(report));
	g_string_append(text, "The guest is to blame: the host let this CPU run.");
	return guest;
}

/* "sh (pid 12) sleeps in FUNCTION [MODULE], in an RCU read-side critical section. " */
static void append_reader(GString *text, const struct report *report,
			  const struct report_sleeper *reader)
{
	append_task(text, &reader->task);
	g_string_append(text, reader->letter == 'R' ? " waits for a CPU" : " sleeps");
	append_culprit(text, report);
	g_string_append(text, ", in an RCU read-side critical section");
	if (reader->for_ns.known && reader->for_ns.value >= NS_PER_S)
		g_string_append_printf(text, ", for %" PRId64 " s by now",
				       reader->for_ns.value / NS_PER_S);
	g_string_append(text, ". ");
}

static const char *judge_rcu_stall(GString *text, const struct report *report)
{
	const struct report_vcpu *vcpu = culprit_cpu(report);
	const struct report_sleeper *reader = culprit_reader(report);

	if (!vcpu && reader)
		append_reader(text, report, reader);
	else
		append_cpu(text, report, vcpu);
	g_string_append_printf(text,
			       "The guest is to blame: %s holds the grace period up. The host let "
			       "all vCPUs run.",
			       reader ? "this reader" : "a reader or a CPU of the guest");
	return guest;
}

static const char *judge_starved(GString *text, const struct report *report G_GNUC_UNUSED)
{
	g_string_append(text, "The host is to blame: others have its processors, or a limit keeps "
			      "this guest off them.");
	return host;
}

static const char *judge_dead(GString *text, const struct report *report)
{
	guint num_off = 0, num_halted = 0;

	for (guint i = 0; i < report->vcpus->len; i++) {
		const struct report_vcpu *vcpu =
			&g_array_index(report->vcpus, struct report_vcpu, i);

		num_halted += vcpu->have_registers && vcpu->registers.halted;
		num_off += vcpu->have_registers && vcpu->registers.halted &&
			   vcpu->interrupts_on.known && !vcpu->interrupts_on.value;
	}
	if (report->vcpus->len > 0)
		g_string_append_printf(
			text, "Of %u vCPUs %u are halted, %u of them with interrupts off. ",
			report->vcpus->len, num_halted, num_off);
	if (num_halted > 0 && num_off == num_halted) {
		g_string_append(text, "The guest is to blame: it waits for nothing that could wake "
				      "it.");
		return guest;
	}
	if (num_halted > 0 && num_off == 0) {
		g_string_append(text, "The host is to blame: it does not deliver the timer "
				      "interrupts that the guest waits for.");
		return host;
	}
	g_string_append(text, "Who is to blame is not known.");
	return unknown;
}

/* --- tasks --- */

/* Functions in which a task waits for a disk, or for a place in its queue. */
static bool waits_for_io(const struct report_sleeper *sleeper)
{
	static const char *const functions[] = {
		"io_schedule",	  "io_schedule_timeout", "blk_mq_get_tag", "submit_bio_wait",
		"blk_execute_rq", "rq_qos_wait",	 "wbt_wait"};

	for (guint i = 0; i < sleeper->frames->len; i++) {
		const struct frame *frame = &g_array_index(sleeper->frames, struct frame, i);

		for (size_t j = 0; frame->symbol.name && j < G_N_ELEMENTS(functions); j++)
			if (g_str_equal(frame->symbol.name, functions[j]))
				return true;
	}
	return false;
}

static const struct report_sleeper *sleeper_at(const struct report *report, guint i)
{
	return &g_array_index(report->tasks.shown, struct report_sleeper, i);
}

/* The last task of a chain: it waits for no known task, and all others wait for it. */
static const struct report_sleeper *end_of(const struct report *report,
					   const struct report_chain *chain)
{
	return sleeper_at(report, g_array_index(chain->tasks, guint, chain->tasks->len - 1));
}

static void append_sleeper(GString *text, const struct report_sleeper *sleeper)
{
	append_task(text, &sleeper->task);
	g_string_append(text, " waits");
	if (sleeper->waits_for)
		g_string_append_printf(text, " for a %s", sleeper->waits_for);
	if (sleeper->waits_in)
		g_string_append_printf(text, " in %s", sleeper->waits_in);
	if (sleeper->for_ns.known)
		g_string_append_printf(text, ", for %" PRId64 " s by now",
				       sleeper->for_ns.value / NS_PER_S);
	g_string_append(text, ". ");
}

/*
 * A disk whose oldest request has been with the host for at least half of the wait: the queue may
 * have been long before. NULL: none.
 */
static const struct report_disk *slow_disk(const struct report *report,
					   const struct report_sleeper *sleeper)
{
	const struct report_disk *disk;

	if (report->tasks.disks->len == 0)
		return NULL;
	disk = &g_array_index(report->tasks.disks, struct report_disk, 0);
	if (!disk->oldest_ns.known || disk->oldest_ns.value < SLOW_NS ||
	    (sleeper->for_ns.known && disk->oldest_ns.value < sleeper->for_ns.value / 2))
		return NULL;
	return disk;
}

static const char *blame_of_io(GString *text, const struct report *report,
			       const struct report_sleeper *end)
{
	const struct report_disk *disk = slow_disk(report, end);

	if (disk) {
		g_string_append_printf(text,
				       "The host is to blame: %s has %" PRId64
				       " unanswered request%s, the oldest "
				       "for %" PRId64 " s.",
				       disk->name, disk->in_flight, disk->in_flight == 1 ? "" : "s",
				       disk->oldest_ns.value / NS_PER_S);
		return host;
	}
	g_string_append(text, "Who is to blame is not known: it waits for ");
	g_string_append(text, g_strcmp0(end->waits_for, "page lock")
				      ? "a disk, which the host serves"
				      : "a page, which may come from a disk");
	if (report->tasks.disks_known && report->tasks.disks->len == 0)
		g_string_append(text, ", but no disk has an unanswered request");
	g_string_append_c(text, '.');
	return unknown;
}

static const char *blame_of_wait(GString *text, const struct report *report,
				 const struct report_sleeper *end)
{
	if (waits_for_io(end))
		return blame_of_io(text, report, end);
	if (!end->running && end->letter == 'R') {
		g_string_append(text, "Who is to blame is not known: it waits for a CPU.");
		return unknown;
	}
	g_string_append(text, "The guest is to blame: none of this waits for the host.");
	return guest;
}

static const char *judge_tasks(GString *text, const struct report *report)
{
	const struct report_chain *chain = task_chains_telling(report);
	const struct report_sleeper *blocked = task_chains_longest(report);

	if (chain) {
		g_string_append_printf(text, "%s. ", chain->text);
		if (!chain->deadlock)
			return blame_of_wait(text, report, end_of(report, chain));
		g_string_append(
			text, chain->certain ? "The guest is to blame: none of them can ever go on."
					     : "The guest is to blame: none of them can go on, "
					       "unless who had a lock last has given it back.");
		return guest;
	}
	if (!blocked) {
		g_string_append(text, "Who is to blame is not known: no task is blocked now.");
		return unknown;
	}
	append_sleeper(text, blocked);
	return blame_of_wait(text, report, blocked);
}

/* --- events --- */

static const char *judge_watchdog(GString *text, const struct report *report)
{
	const GArray *chains = report->tasks.chains;

	if (chains->len > 0 && g_array_index(chains, struct report_chain, 0).deadlock)
		return judge_tasks(text, report);
	g_string_append(text, "Who is to blame is not known: it may be the program that serves the "
			      "device, what keeps it from running, or a host that has no time.");
	return unknown;
}

static const char *judge_kvm_error(GString *text, const struct report *report G_GNUC_UNUSED)
{
	g_string_append(text,
			"Who is to blame is not known: KVM may lack an instruction, or the "
			"guest ran where there is no memory. QEMU's log has KVM's own words.");
	return unknown;
}

void verdict_fill(struct report *report)
{
	static const char *(*const judges[NUM_INCIDENTS])(GString * text,
							  const struct report *report) = {
		[INCIDENT_SOFT_LOCKUP] = judge_soft_lockup,
		[INCIDENT_HARD_LOCKUP] = judge_hard_lockup,
		[INCIDENT_RCU_STALL] = judge_rcu_stall,
		[INCIDENT_HUNG_TASK] = judge_tasks,
		[INCIDENT_STARVED] = judge_starved,
		[INCIDENT_DEAD] = judge_dead,
		[INCIDENT_WATCHDOG] = judge_watchdog,
		[INCIDENT_KVM_ERROR] = judge_kvm_error,
	};
	const struct report_collection *collection = &report->collection;
	enum incident incident;
	GString *text;

	/* The host has seen nothing of this hang. */
	if (!g_strcmp0(collection->signal, "lockup"))
		return;
	/* After a hang, the guest's state does not show its cause. */
	if (!collection->incident || !collection->evidence ||
	    !incident_from_name(collection->incident, &incident) || !judges[incident] ||
	    !g_strcmp0(collection->phase, "ended"))
		return;
	text = g_string_new(NULL);
	g_string_append_printf(text, "Seen by the host: %s. ", collection->evidence);
	report->verdict.blame = judges[incident](text, report);
	report->verdict.text = g_string_free(text, FALSE);
}
