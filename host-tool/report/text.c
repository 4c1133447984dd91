/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.txt and dmesg.txt. The report has what matters first: what happened, the faulting
 * instruction and its registers, when, in which guest, what every CPU did (in the kernel's format),
 * what is missing, and the guest's log. Equal stacks are printed once.
 */
#include "report/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/sanitize.h"
#include "report/moment.h"
#include "report/text_fault.h"
#include "report/text_frames.h"
#include "report/text_left_out.h"
#include "report/text_tasks.h"
#include "report/text_writer.h"

/* Lines of the guest's log; dmesg.txt has all. */
#define MAX_OOPS_LINES 300 /* from the oops on */
#define MAX_LAST_LINES 100 /* the end, if the oops's text is longer than that */
#define MAX_PLAIN_LINES 60 /* the end, if the log has no oops */

static bool same_string(const char *a, const char *b)
{
	return g_strcmp0(a, b) == 0;
}

/* --- head --- */

static void append_task(GString *text, const char *comm, const struct maybe_int *pid)
{
	text_append_clean(text, comm);
	if (pid->known)
		text_append(text, " (pid %" PRId64 ")", pid->value);
}

/* What happened, on which CPU, in whose code. */
static void write_headline(GString *text, const struct report *report)
{
	const struct report_oops *oops = &report->oops;

	text_append_clean(text, report->title ? report->title : "What happened is not known");
	if (oops->known && oops->cpu.known)
		text_append(text, ", CPU %" PRId64, oops->cpu.value);
	if (oops->known && oops->comm) {
		g_string_append(text, ", task ");
		append_task(text, oops->comm, &oops->pid);
	}
	g_string_append(text, "\n\n");
}

/* Why a guest stalls. */
static void write_verdict(GString *text, const struct report_verdict *verdict)
{
	if (!verdict->text)
		return;
	text_append_paragraph(text, verdict->text);
	g_string_append(text, "\n\n");
}

static void append_number(GString *text, const char *name, const struct maybe_int *number)
{
	if (number->known)
		text_append(text, " %s=%" PRId64, name, number->value);
	else
		text_append(text, " %s=?", name);
}

static void write_uptime(GString *text, int64_t seconds)
{
	text_append(text, ", up ");
	if (seconds >= 86400)
		text_append(text, "%" PRId64 "d ", seconds / 86400);
	text_append(text, "%" PRId64 ":%02" PRId64 ":%02" PRId64, seconds / 3600 % 24,
		    seconds / 60 % 60, seconds % 60);
}

static void write_clock(GString *text, const struct report *report)
{
	struct maybe_int offset = moment_clock_offset_us(report);
	int64_t ms = ABS(offset.value) / 1000;

	if (offset.known)
		text_append(text, ", its clock %" PRId64 ".%03" PRId64 " s %s the host's",
			    ms / 1000, ms % 1000, offset.value < 0 ? "behind" : "ahead of");
}

/* A value that may be long and has its own line. */
static void write_guest_line(GString *text, const char *what, const char *value)
{
	if (!value)
		return;
	text_append(text, "%-12s%s", "", what);
	text_append_clean(text, value);
	g_string_append_c(text, '\n');
}

static void write_guest(GString *text, const struct report *report)
{
	const struct report_guest *guest = &report->guest;

	text_append(text, "%-12sLinux ", "Guest");
	text_append_clean(text, guest->release);
	if (guest->version) {
		g_string_append_c(text, ' ');
		text_append_clean(text, guest->version);
	}
	if (guest->uptime_s.known)
		write_uptime(text, guest->uptime_s.value);
	write_clock(text, report);
	text_append(text, "\n%-12s", "");
	if (!guest->taint.known) {
		g_string_append(text, "taint unknown");
	} else if (guest->taint.value == 0) {
		g_string_append(text, "not tainted");
	} else {
		g_string_append(text, "tainted ");
		text_append_clean(text, guest->taint_letters);
		text_append(text, " (%#" PRIx64 ")", guest->taint.value);
	}
	if (guest->kaslr_offset.known)
		text_append(text, ", KASLR offset %#" PRIx64, guest->kaslr_offset.value);
	if (guest->build_id) {
		g_string_append(text, ", build ID ");
		text_append_clean(text, guest->build_id);
	}
	text_append(text, "\n%-11s", "");
	append_number(text, "cpus_online", &guest->cpus_online);
	append_number(text, "oopses", &guest->die_counter);
	append_number(text, "panic_on_oops", &guest->panic_on_oops);
	append_number(text, "oops_all_cpu_backtrace", &guest->oops_all_cpu_backtrace);
	append_number(text, "unknown_nmi_backtrace", &guest->unknown_nmi_backtrace);
	g_string_append(text, " oops_signal=");
	text_append_clean(text, guest->oops_signal ? guest->oops_signal : "?");
	g_string_append_c(text, '\n');
	if (guest->panic_cpu.known && guest->panic_cpu.value >= 0)
		text_append(text, "%-12sthe kernel is panicking on CPU %" PRId64 "\n", "",
			    guest->panic_cpu.value);
	write_guest_line(text, "command line: ", guest->command_line);
	for (guint i = 0; guest->livepatches && i < guest->livepatches->len; i++)
		write_guest_line(text, "livepatch: ", guest->livepatches->pdata[i]);
}

/* The code to blame and the faulting address; the headline has the rest. */
static void write_oops(GString *text, const struct report_oops *oops)
{
	if (!oops->known)
		return;
	text_append(text, "%-12s", "Where");
	text_append_clean(text, oops->function ? oops->function : "unknown function");
	if (oops->module) {
		g_string_append(text, " of module ");
		text_append_clean(text, oops->module);
	} else if (oops->function) {
		g_string_append(text, " of the core kernel");
	}
	if (oops->where) {
		g_string_append(text, ", ");
		text_append_clean(text, oops->where);
	}
	if (oops->address.known)
		text_append(text, ", faulting address 0x%016" PRIx64, oops->address.value);
	g_string_append_c(text, '\n');
}

/* A panic that follows an oops belongs to it. Each has its own dump if it was noticed. */
static void write_story(GString *text, const struct report_oops *oops)
{
	if (!oops->known || !oops->panicked)
		return;
	text_append(text, "%-12sthe kernel panics because of this oops", "Panic");
	if (oops->earlier_dump) {
		g_string_append(text, "; dump ");
		text_append_clean(text, oops->earlier_dump);
		g_string_append(text, " shows all CPUs at the oops itself");
	}
	g_string_append_c(text, '\n');
}

/* The fingerprint identifies the bug. */
static void write_fingerprint(GString *text, const struct report *report)
{
	if (!report->fingerprint)
		return;
	text_append(text, "%-12s%s", "Fingerprint", report->fingerprint);
	for (guint i = 0; i < BLAME_FUNCTIONS && report->culprit.functions[i]; i++) {
		g_string_append(text, i ? " < " : " of ");
		text_append_clean(text, report->culprit.functions[i]);
	}
	g_string_append_c(text, '\n');
}

/* What the host saw of a stalled guest. */
static void write_stall(GString *text, const struct report_collection *collection)
{
	if (!collection->evidence)
		return;
	text_append(text, "%-12s", "Seen");
	text_append_clean(text, collection->evidence);
	g_string_append_c(text, '\n');
}

static void write_domain(GString *text, const struct report_collection *collection)
{
	if (collection->domain_name) {
		text_append(text, "%-12s", "Domain");
		text_append_clean(text, collection->domain_name);
		if (collection->domain_uuid) {
			g_string_append(text, " (");
			text_append_clean(text, collection->domain_uuid);
			g_string_append_c(text, ')');
		}
		if (collection->host) {
			g_string_append(text, " on ");
			text_append_clean(text, collection->host);
		}
		if (collection->hypervisor) {
			g_string_append(text, ", ");
			text_append_clean(text, collection->hypervisor);
		}
		g_string_append_c(text, '\n');
	}
	if (collection->id) {
		text_append(text, "%-12s", "Dump");
		text_append_clean(text, collection->id);
		g_string_append_c(text, '\n');
	}
}

/* --- timeline --- */

/* Writes @when, or its distance from @start. */
static void write_moment(GString *text, const char *start, const char *when, const char *what)
{
	int64_t start_us, when_us;

	if (!same_string(start, when) && moment_parse(start, &start_us) &&
	    moment_parse(when, &when_us)) {
		int64_t us = when_us - start_us;
		g_autofree char *after =
			g_strdup_printf("%c%" PRId64 ".%06" PRId64, us < 0 ? '-' : '+',
					ABS(us) / G_USEC_PER_SEC, ABS(us) % G_USEC_PER_SEC);

		text_append(text, "  %26s   %s", after, what);
	} else {
		g_autofree char *clean = sanitize_line(when ? when : "unknown", -1);

		text_append(text, "  %-27s  %s", clean, what);
	}
}

static const char *signal_words(const char *signal)
{
	static const struct {
		const char *signal, *words;
	} all[] = {
		{"oops", "the guest's OOPS event"},
		{"crashloaded", "the guest's CRASH_LOADED event"},
		{"panicked", "the guest's PANICKED event"},
		{"watch", "seen by the memory watch"},
		{"stall", "seen by the stall watch"},
		{"lockup", "the guest's LOCKUP event"},
		{"watchdog", "the watchdog device's event"},
		{"kvm-error", "QEMU's internal error"},
		{"collect", "asked for"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		if (same_string(signal, all[i].signal))
			return all[i].words;
	return signal;
}

/* Did a guest that oopsbt did not freeze run while it was read? */
static bool was_running(const struct report *report)
{
	for (guint i = 0; i < report->vcpus->len; i++)
		if (same_string(g_array_index(report->vcpus, struct report_vcpu, i).consistency,
				"running"))
			return true;
	return false;
}

static void write_freeze(GString *text, const struct report *report, const char *start)
{
	const struct report_collection *collection = &report->collection;

	if (!collection->frozen) {
		text_append(text, "  %27s  not frozen%s\n", "",
			    report->vcpus->len == 0 ? ""
			    : was_running(report)   ? ": the guest ran while it was read"
						    : ": the guest stood still already");
		return;
	}
	write_moment(text, start, collection->frozen, "frozen\n");
	write_moment(text, start, collection->thawed, "thawed");
	if (collection->freeze_us.known)
		text_append(text, ", the guest stood still for %" PRId64 ".%03" PRId64 " ms",
			    collection->freeze_us.value / 1000, collection->freeze_us.value % 1000);
	g_string_append_c(text, '\n');
}

static void write_timeline(GString *text, const struct report *report)
{
	const struct report_collection *collection = &report->collection;
	const char *start = collection->signalled ? collection->signalled : collection->frozen;

	if (same_string(collection->signal, "file")) {
		text_append(text, "%-12sa dump file of another tool (", "Source");
		text_append_clean(text, collection->memory_source);
		g_string_append(text, ")\n");
		return;
	}
	g_string_append(text, "\nTimeline (UTC)\n");
	write_moment(text, start, collection->signalled, "signalled: ");
	text_append_clean(text, signal_words(collection->signal));
	g_string_append_c(text, '\n');
	write_freeze(text, report, start);
	if (collection->nmi) {
		text_append(text, "  %27s  NMI %s", "",
			    same_string(collection->nmi, "sent") ? "sent" : "not sent");
		if (collection->nmi_reason) {
			g_string_append(text, ": ");
			text_append_clean(text, collection->nmi_reason);
		}
		g_string_append_c(text, '\n');
	}
	if (collection->stored)
		write_moment(text, start, collection->stored, "stored\n");
}

/* --- CPUs --- */

static void write_registers(GString *text, const struct report_vcpu *vcpu)
{
	gva_t pc = vcpu_pc(&vcpu->registers);
	struct resolved_symbol unknown = {0};
	const struct frame *first =
		vcpu->frames->len > 0 ? &g_array_index(vcpu->frames, struct frame, 0) : NULL;
	bool is_there = first && first->pc.value == pc.value;
	g_autofree char *place =
		resolved_symbol_text(is_there ? &first->symbol : &unknown, pc.value);
	g_autofree char *clean = sanitize_line(place, -1);
	g_autofree char *registers = vcpu_registers_text(&vcpu->registers, clean);

	g_string_append(text, registers);
}

/* The CPU's nesting in interrupts, in the words of its context. */
static void append_depths(GString *text, const struct report_vcpu *vcpu)
{
	/* In user mode interrupts are always on. */
	if (vcpu->interrupts_on.known && vcpu->context != REPORT_CONTEXT_USER)
		text_append(text, ", interrupts %s", vcpu->interrupts_on.value ? "on" : "off");
	if (vcpu->nmi_depth.known && vcpu->nmi_depth.value > 0)
		g_string_append(text, ", in an NMI");
	if (vcpu->hardirq_depth.known && vcpu->hardirq_depth.value > 0)
		g_string_append(text, ", in a hard interrupt");
	if (vcpu->serving_softirq.known && vcpu->serving_softirq.value)
		g_string_append(text, ", serving a softirq");
	if (vcpu->bh_disable_depth.known && vcpu->bh_disable_depth.value > 0)
		g_string_append(text, ", bottom halves off");
	/* An idle CPU always has preemption disabled. */
	if (vcpu->preempt_depth.known && vcpu->preempt_depth.value > 0 &&
	    vcpu->context != REPORT_CONTEXT_IDLE)
		text_append(text, ", preemption off (%" PRId64 ")", vcpu->preempt_depth.value);
}

static void append_position(GString *text, const struct report_vcpu *vcpu)
{
	if (vcpu->lock_position.known && vcpu->lock_queued.known)
		text_append(text, ", number %" PRId64 " of %" PRId64 " in its queue",
			    vcpu->lock_position.value, vcpu->lock_queued.value);
}

static void append_age(GString *text, const char **separator, const char *what,
		       const struct maybe_int *ns, const char *after)
{
	if (!ns->known)
		return;
	text_append(text, "%s%s %" PRId64 ".%03" PRId64 " s%s", *separator, what,
		    ns->value / 1000000000, ns->value / 1000000 % 1000, after);
	*separator = ", ";
}

/* The state of the CPU's scheduler and timer; an idle CPU has neither tasks nor ticks. */
static void write_schedule(GString *text, const struct report_vcpu *vcpu)
{
	const char *separator = "  ";

	append_age(text, &separator, "This task has run for", &vcpu->task_ran_ns, "");
	if (vcpu->runnable.known) {
		text_append(text, "%s%" PRId64 " runnable", separator, vcpu->runnable.value);
		separator = ", ";
	}
	append_age(text, &separator, "last tick", &vcpu->tick_age_ns, " ago");
	append_age(text, &separator, "watchdog touched", &vcpu->watchdog_age_ns, " ago");
	if (separator[0] == ',')
		g_string_append_c(text, '\n');
}

static void append_vcpu_task(GString *text, const struct report_vcpu *vcpu)
{
	if (vcpu->task.known && vcpu->context != REPORT_CONTEXT_IDLE) {
		g_string_append(text, ", task ");
		append_task(text, vcpu->task.comm, &vcpu->task.pid);
	}
	if (vcpu->stack_task.known) {
		g_string_append(text, ", on the stack of ");
		append_task(text, vcpu->stack_task.comm, &vcpu->stack_task.pid);
	}
}

/*
 * Writes the lines that are the same for CPUs with equal stacks. With @registers also the registers
 * saved on the stacks, which are not the same.
 */
static void write_stack(GString *text, const struct report_vcpu *vcpu, bool registers)
{
	if (vcpu->waits_for_lock) {
		text_append(text, "  Waits for the lock at 0x%016" PRIx64, vcpu->lock_address);
		if (vcpu->lock_symbol) {
			g_string_append(text, " (");
			text_append_clean(text, vcpu->lock_symbol);
			g_string_append_c(text, ')');
		}
		if (registers)
			append_position(text, vcpu);
		g_string_append_c(text, '\n');
	}
	if (same_string(vcpu->consistency, "late"))
		g_string_append(text,
				"  Parts of this were read after the guest had been thawed.\n");
	else if (same_string(vcpu->consistency, "running"))
		g_string_append(text, "  This was read while the guest ran.\n");
	if (vcpu->foreign)
		text_append(text, "  It %s.\n", vcpu->foreign);
	if (vcpu->frames->len > 0) {
		text_trace(text, vcpu->frames, registers);
	} else if (vcpu->context != REPORT_CONTEXT_USER) {
		g_string_append(text, "  No call trace.\n");
	}
	if (vcpu->stopped) {
		g_string_append(text, "  The trace ends early: ");
		text_append_clean(text, vcpu->stopped);
		g_string_append_c(text, '\n');
	}
}

static void write_guest_frames(GString *text, const struct report_vcpu *vcpu)
{
	if (vcpu->disagreement) {
		g_auto(GStrv) lines =
			g_strsplit(vcpu->guest_frames ? vcpu->guest_frames : "", "\n", -1);

		g_string_append(text, "  The guest's own backtrace differs: ");
		text_append_clean(text, vcpu->disagreement);
		g_string_append_c(text, '\n');
		for (char **line = lines; *line; line++) {
			if (**line == '\0')
				continue;
			g_string_append(text, "   guest: ");
			text_append_clean(text, *line);
			g_string_append_c(text, '\n');
		}
	} else if (vcpu->guest_frames) {
		g_string_append(text, "  The guest's own backtrace agrees.\n");
	}
}

static bool is_oopsing(const struct report *report, const struct report_vcpu *vcpu)
{
	return report->oops.known && report->oops.cpu.known && vcpu->cpu.known &&
	       vcpu->cpu.value == report->oops.cpu.value;
}

/* Idle CPUs entered their idle loop in different ways; only the loop matters. */
static bool is_idle_loop(const struct frame *frame)
{
	return g_strcmp0(frame->symbol.name, "do_idle") == 0;
}

static bool same_frames(const GArray *a, const GArray *b, bool idle)
{
	for (guint i = 0; i < a->len && i < b->len; i++) {
		const struct frame *left = &g_array_index(a, struct frame, i);
		const struct frame *right = &g_array_index(b, struct frame, i);

		/* The offset in the innermost function is printed for each CPU. */
		if ((left->pc.value != right->pc.value && (i > 0 || !left->symbol.name)) ||
		    left->reliable != right->reliable || left->late != right->late ||
		    left->stack != right->stack ||
		    !same_string(left->symbol.name, right->symbol.name))
			return false;
		if (idle && is_idle_loop(left))
			return true;
	}
	return a->len == b->len;
}

/* Do the two CPUs have the same text, apart from registers? */
static bool can_fold(const struct report_vcpu *a, const struct report_vcpu *b)
{
	return a->context == b->context && a->have_registers == b->have_registers &&
	       a->context != REPORT_CONTEXT_USER && !a->disagreement && !b->disagreement &&
	       a->waits_for_lock == b->waits_for_lock && a->lock_address == b->lock_address &&
	       same_string(a->stopped, b->stopped) && same_string(a->consistency, b->consistency) &&
	       same_frames(a->frames, b->frames, a->context == REPORT_CONTEXT_IDLE);
}

/* Display order: the CPU that oopsed, active CPUs, idle CPUs. */
static int rank(const struct report *report, const struct report_vcpu *vcpu)
{
	if (is_oopsing(report, vcpu))
		return 0;
	switch (vcpu->context) {
	case REPORT_CONTEXT_KERNEL:
		return 1;
	case REPORT_CONTEXT_USER:
		return 2;
	case REPORT_CONTEXT_FOREIGN:
	case REPORT_CONTEXT_UNKNOWN:
		return 3;
	case REPORT_CONTEXT_IDLE:
		break;
	}
	return 4;
}

static gint compare_vcpus(gconstpointer a, gconstpointer b, gpointer user_data)
{
	const struct report_vcpu *left = *(struct report_vcpu *const *)a;
	const struct report_vcpu *right = *(struct report_vcpu *const *)b;
	int difference = rank(user_data, left) - rank(user_data, right);
	int64_t left_number = left->cpu.known ? left->cpu.value : INT64_MAX;
	int64_t right_number = right->cpu.known ? right->cpu.value : INT64_MAX;

	if (difference != 0)
		return difference;
	if (left_number != right_number)
		return left_number < right_number ? -1 : 1;
	return left->vcpu < right->vcpu ? -1 : left->vcpu > right->vcpu;
}

/* The group's Linux CPU numbers, which are sorted: "0,2-15". */
static void append_cpu_list(GString *text, const GPtrArray *group)
{
	guint i = 0;

	while (i < group->len) {
		const struct report_vcpu *first = group->pdata[i];
		guint last = i;

		while (last + 1 < group->len &&
		       ((const struct report_vcpu *)group->pdata[last + 1])->cpu.value ==
			       ((const struct report_vcpu *)group->pdata[last])->cpu.value + 1)
			last++;
		text_append(text, "%s%" PRId64, i > 0 ? "," : "", first->cpu.value);
		if (last > i)
			text_append(text, "-%" PRId64,
				    ((const struct report_vcpu *)group->pdata[last])->cpu.value);
		i = last + 1;
	}
}

/* If the freeze came late, the CPU that oopsed may be idle. */
static char *caption(const struct report *report, const struct report_vcpu *vcpu)
{
	const char *context = report_context_name(vcpu->context);

	if (!is_oopsing(report, vcpu))
		return g_strdup(context);
	return vcpu->context == REPORT_CONTEXT_IDLE ? g_strdup("oopsed, idle by now")
						    : g_strdup_printf("oopsing, %s", context);
}

static void write_alone(GString *text, const struct report *report, const struct report_vcpu *vcpu)
{
	g_autofree char *state = caption(report, vcpu);

	if (vcpu->cpu.known && vcpu->cpu.value == vcpu->vcpu)
		text_append(text, "\nCPU %u", vcpu->vcpu);
	else if (vcpu->cpu.known)
		text_append(text, "\nCPU %" PRId64 " (vCPU %u)", vcpu->cpu.value, vcpu->vcpu);
	else
		text_append(text, "\nvCPU %u (which CPU it is to the guest is unknown)",
			    vcpu->vcpu);
	text_append(text, ": %s", state);
	append_vcpu_task(text, vcpu);
	append_depths(text, vcpu);
	g_string_append_c(text, '\n');
	if (vcpu->context != REPORT_CONTEXT_IDLE)
		write_schedule(text, vcpu);
	if (!vcpu->have_registers)
		g_string_append(text, "  No registers.\n");
	else if (vcpu->context != REPORT_CONTEXT_IDLE)
		write_registers(text, vcpu);
	write_stack(text, vcpu, vcpu->context != REPORT_CONTEXT_IDLE);
	write_guest_frames(text, vcpu);
}

/* Idle CPUs have no lines of their own; this names those with interrupts off. */
static void append_idle_interrupts(GString *text, const GPtrArray *group)
{
	g_autoptr(GPtrArray) off = g_ptr_array_new();
	guint known = 0;

	for (guint i = 0; i < group->len; i++) {
		const struct report_vcpu *vcpu = group->pdata[i];

		known += vcpu->interrupts_on.known;
		if (vcpu->interrupts_on.known && !vcpu->interrupts_on.value)
			g_ptr_array_add(off, group->pdata[i]);
	}
	if (known == 0)
		return;
	if (off->len == 0 || off->len == group->len) {
		text_append(text, ", interrupts %s", off->len == 0 ? "on" : "off");
		return;
	}
	g_string_append(text, ", interrupts on, but off on CPU ");
	append_cpu_list(text, off);
}

static void write_group(GString *text, const struct report *report, const GPtrArray *group)
{
	const struct report_vcpu *first = group->pdata[0];

	if (group->len == 1) {
		write_alone(text, report, first);
		return;
	}
	g_string_append(text, "\nCPUs ");
	append_cpu_list(text, group);
	text_append(text, ": %s", report_context_name(first->context));
	if (first->context == REPORT_CONTEXT_IDLE)
		append_idle_interrupts(text, group);
	g_string_append_c(text, '\n');
	for (guint i = 0; i < group->len; i++) {
		const struct report_vcpu *vcpu = group->pdata[i];

		if (vcpu->context == REPORT_CONTEXT_IDLE)
			break;
		text_append(text, "  CPU %" PRId64, vcpu->cpu.value);
		append_vcpu_task(text, vcpu);
		append_depths(text, vcpu);
		if (vcpu->frames->len > 0) {
			g_string_append(text, ", at ");
			text_symbol(text, &g_array_index(vcpu->frames, struct frame, 0));
		}
		if (vcpu->lock_position.known)
			text_append(text, ", number %" PRId64 " in the lock's queue",
				    vcpu->lock_position.value);
		g_string_append_c(text, '\n');
	}
	write_stack(text, first, false);
}

/* Removes from @vcpus the first one and all that fold with it, and returns them. */
static GPtrArray *take_group(const struct report *report, GPtrArray *vcpus)
{
	GPtrArray *group = g_ptr_array_new();
	const struct report_vcpu *first = vcpus->pdata[0];

	g_ptr_array_add(group, g_ptr_array_remove_index(vcpus, 0));
	if (is_oopsing(report, first) || !first->cpu.known)
		return group;
	for (guint i = 0; i < vcpus->len;) {
		const struct report_vcpu *vcpu = vcpus->pdata[i];

		if (vcpu->cpu.known && can_fold(first, vcpu))
			g_ptr_array_add(group, g_ptr_array_remove_index(vcpus, i));
		else
			i++;
	}
	return group;
}

static bool is_idle(const struct report_vcpu *vcpu)
{
	return vcpu->context == REPORT_CONTEXT_IDLE;
}

static bool is_at_work(const struct report_vcpu *vcpu)
{
	return !is_idle(vcpu);
}

static bool is_any(const struct report_vcpu *vcpu G_GNUC_UNUSED)
{
	return true;
}

/* Writes the @wanted CPUs; nothing if there are none. */
static void write_cpus(GString *text, const struct report *report, const char *heading,
		       bool (*wanted)(const struct report_vcpu *vcpu))
{
	g_autoptr(GPtrArray) vcpus = g_ptr_array_new();

	for (guint i = 0; i < report->vcpus->len; i++) {
		struct report_vcpu *vcpu = &g_array_index(report->vcpus, struct report_vcpu, i);

		if (wanted(vcpu))
			g_ptr_array_add(vcpus, vcpu);
	}
	if (vcpus->len > 0 || report->vcpus->len == 0)
		text_append(text, "\n%s\n", heading);
	if (report->vcpus->len == 0)
		g_string_append(text, "\nNo CPU could be read.\n");
	g_ptr_array_sort_with_data(vcpus, compare_vcpus, (gpointer)report);
	while (vcpus->len > 0) {
		g_autoptr(GPtrArray) group = take_group(report, vcpus);

		write_group(text, report, group);
	}
}

/* The likely cause comes first. An active CPU may be the cause, an idle one is not. */
static void write_cpus_and_tasks(GString *text, const struct report *report)
{
	const struct report_tasks *tasks = &report->tasks;
	bool hung = same_string(report->collection.incident, incident_name(INCIDENT_HUNG_TASK));

	if (report->oops.known || !tasks->known || !tasks->num_blocked || !report->vcpus->len) {
		write_cpus(text, report, "Backtraces", is_any);
		text_tasks(text, tasks);
	} else if (hung) {
		text_tasks(text, tasks);
		write_cpus(text, report, "Backtraces", is_any);
	} else {
		write_cpus(text, report, "Backtraces", is_at_work);
		text_tasks(text, tasks);
		write_cpus(text, report, "Idle CPUs", is_idle);
	}
}

/* --- missing data, modules --- */

static void write_errors(GString *text, const GPtrArray *errors)
{
	for (guint i = 0; i < errors->len; i++) {
		const struct report_error *error = errors->pdata[i];

		g_string_append(text, "  ");
		if (error->field) {
			text_append_clean(text, error->field);
			g_string_append(text, ": ");
		}
		text_append_clean(text, error->message);
		g_string_append_c(text, '\n');
	}
}

static void write_all_errors(GString *text, const struct report *report)
{
	const GPtrArray *collection_errors = report->collection.errors;

	if (report->errors->len + (collection_errors ? collection_errors->len : 0) == 0)
		return;
	g_string_append(text, "\nMissing or doubtful\n");
	if (collection_errors)
		write_errors(text, collection_errors);
	write_errors(text, report->errors);
}

static void write_modules(GString *text, const GArray *modules)
{
	gsize column_0;

	if (modules->len == 0)
		return;
	g_string_append(text, "\nModules linked in\n");
	column_0 = text->len;
	for (guint i = 0; i < modules->len; i++) {
		const struct report_module *module =
			&g_array_index(modules, struct report_module, i);
		g_autofree char *name = sanitize_line(module->name ? module->name : "?", -1);
		g_autofree char *taint = sanitize_line(module->taint ? module->taint : "", -1);
		gsize length = strlen(name) + strlen(taint) + 2;

		if (text->len > column_0 && text->len - column_0 + 1 + length > WRAP_COLUMNS) {
			g_string_append_c(text, '\n');
			column_0 = text->len;
		}
		text_append(text, "%s%s", text->len == column_0 ? "  " : " ", name);
		if (*taint)
			text_append(text, "(%s)", taint);
	}
	g_string_append_c(text, '\n');
}

/* --- log --- */

/*
 * A record's lines, each with its time and, if requested, its caller, in the kernel's format
 * (print_caller() in kernel/printk/printk.c): "T123" is the task with that pid, "C1" a CPU in an
 * interrupt.
 */
static void append_record(GString *text, const struct report_log_record *record, bool with_caller)
{
	const char *line = record->text ? record->text : "";
	g_autofree char *caller = NULL;

	if (with_caller && record->pid.known)
		caller = g_strdup_printf("T%" PRId64, record->pid.value);
	else if (with_caller && record->cpu.known)
		caller = g_strdup_printf("C%" PRId64, record->cpu.value);
	do {
		gsize length = strcspn(line, "\n");

		text_append(text, "[%5" PRIu64 ".%06" PRIu64 "]", record->time_ns / 1000000000,
			    record->time_ns / 1000 % 1000000);
		if (caller)
			text_append(text, "[%6s]", caller);
		g_string_append_c(text, ' ');
		sanitize_append(text, line, (gssize)length, false);
		g_string_append_c(text, '\n');
		line += length;
		if (*line == '\n')
			line++;
	} while (*line != '\0');
}

static guint count_lines(const GString *text)
{
	guint lines = 0;

	for (gsize i = 0; i < text->len; i++)
		lines += text->str[i] == '\n';
	return lines;
}

/* The start of line @line, counted from 0. */
static const char *line_start(const GString *text, guint line)
{
	const char *start = text->str;

	while (line-- > 0)
		start = strchr(start, '\n') + 1;
	return start;
}

static void write_log(GString *text, const struct report *report)
{
	const struct maybe_int *start =
		report->oops.known ? &report->oops.log_start : &report->complaint.log_start;
	const char *what = report->oops.known ? "the oops" : "the complaint";
	guint first_lines = start->known ? MAX_OOPS_LINES : 0;
	guint last_lines = start->known ? MAX_LAST_LINES : MAX_PLAIN_LINES;
	GString *log = g_string_new(NULL);
	guint lines;

	for (guint i = 0; i < report->log->len; i++) {
		const struct report_log_record *record =
			&g_array_index(report->log, struct report_log_record, i);

		if (!start->known || record->sequence >= (uint64_t)start->value)
			append_record(log, record, true);
	}
	lines = count_lines(log);
	if (lines == 0) {
		g_string_append(text, "\nNo guest log.\n");
	} else {
		if (start->known)
			text_append(text, "\nGuest log from %s on", what);
		else
			g_string_append(text, "\nEnd of the guest log");
		g_string_append(text, " (all of it is in dmesg.txt)\n");
		if (lines > first_lines + last_lines) {
			guint left_out = lines - first_lines - last_lines;

			g_string_append_len(text, log->str,
					    line_start(log, first_lines) - log->str);
			if (start->known)
				text_append(text, "... %u lines left out ...\n", left_out);
			g_string_append(text, line_start(log, lines - last_lines));
		} else {
			g_string_append(text, log->str);
		}
	}
	g_string_free(log, TRUE);
}

GString *report_to_text(const struct report *report)
{
	GString *text = g_string_new(NULL);

	write_headline(text, report);
	write_verdict(text, &report->verdict);
	text_chains(text, &report->tasks, report->verdict.text);
	text_fault(text, &report->fault);
	write_oops(text, &report->oops);
	write_story(text, &report->oops);
	write_stall(text, &report->collection);
	write_fingerprint(text, report);
	write_guest(text, report);
	write_domain(text, &report->collection);
	write_timeline(text, report);
	text_left_out(text, report);
	write_cpus_and_tasks(text, report);
	write_all_errors(text, report);
	write_modules(text, report->modules);
	write_log(text, report);
	return text;
}

GString *report_to_dmesg(const struct report *report)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < report->log->len; i++)
		append_record(text, &g_array_index(report->log, struct report_log_record, i),
			      false);
	return text;
}
