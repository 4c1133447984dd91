// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/log.h"

#include <string.h>

#include "analyze/complaints.h"
#include "analyze/culprit.h"
#include "analyze/fault.h"
#include "analyze/guest_traces.h"
#include "analyze/left_out.h"
#include "analyze/log_lines.h"
#include "analyze/task_chains.h"
#include "analyze/task_facts.h"
#include "analyze/verdict.h"

#define MAX_LOG_PAGES 16384
#define POLL_US 2000
/* After an NMI the guest may pause while it writes. No output for this long counts as the end. */
#define QUIET_US 100000
/*
 * The number of newest records to search for the end of a new oops. If more were written, the whole
 * log is read once it is quiet.
 */
#define NEWEST_RECORDS 128

static bool is_signal(const struct analysis *analysis, const char *name)
{
	return !g_strcmp0(analysis->report->collection.signal, name);
}

/* Did the guest signal an oops? */
static bool oops_signalled(const struct analysis *analysis)
{
	return is_signal(analysis, "oops") || is_signal(analysis, "crashloaded") ||
	       is_signal(analysis, "watch");
}

/* The log of a stalled guest need not mention the stall. */
static bool is_hang(const struct analysis *analysis)
{
	return is_signal(analysis, "stall") || is_signal(analysis, "lockup") ||
	       is_signal(analysis, "watchdog") || is_signal(analysis, "kvm-error");
}

/* Runs once: stores which oopses were reported before this collection. */
static void note_told(const struct analysis *analysis)
{
	struct kernel_map *map = analysis->map;

	if (!map->oopses_told)
		map->oopses_told =
			analysis->map_was_found ? OOPSES_TOLD_UNKNOWN : 1 + map->oopses_seen;
}

/*
 * The highest number of old oopses: those reported before, and those whose signals were skipped. If
 * unknown, all but the last are old; the map stores that for the analysis of the core.
 */
static unsigned int old_oopses(const struct analysis *analysis, const GArray *records)
{
	unsigned int last;

	note_told(analysis);
	if (oops_signalled(analysis) && !analysis->map_was_found) {
		last = (unsigned int)analysis->map->oopses_seen;
		return analysis->map->oopses_told == OOPSES_TOLD_UNKNOWN
			       ? last
			       : left_out_before(analysis, records, last);
	}
	last = log_last_number(records);
	analysis->map->oopses_seen = last ? last - 1 : 0;
	return (unsigned int)analysis->map->oopses_seen;
}

/* The last record that begins an oops, or NULL. */
static const struct printk_record *beginning(const GArray *records)
{
	for (guint i = records->len; i-- > 0;) {
		const struct printk_record *record =
			&g_array_index(records, struct printk_record, i);

		if (oops_line_begins(record->text))
			return record;
	}
	return NULL;
}

static bool find_numbered(const GArray *records, unsigned int after, struct oops_text *oops,
			  uint64_t *first)
{
	g_autoptr(GPtrArray) lines = NULL;
	g_autoptr(GArray) sequences = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	const struct printk_record *start = log_announcement(records, after);

	if (!start)
		return false;
	lines = log_lines_of_caller(records, log_whole(records), start, sequences);
	if (!oops_text_find(lines, after, oops))
		return false;
	*first = g_array_index(sequences, uint64_t, oops->first_line);
	return true;
}

/* The guest was frozen after the oops's first line and before the line with its number. */
static bool find_begun(const GArray *records, struct oops_text *oops, uint64_t *first)
{
	g_autoptr(GPtrArray) lines = NULL;
	g_autoptr(GArray) sequences = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	const struct printk_record *start = beginning(records);

	if (!start)
		return false;
	lines = log_lines_of_caller(records, log_whole(records), start, sequences);
	if (!oops_text_find_begun(lines, oops))
		return false;
	oops->number = log_last_number(records) + 1;
	*first = g_array_index(sequences, uint64_t, oops->first_line);
	return true;
}

/* Finds the oops of this collection; @first: sequence number of its first record. */
static bool find_oops(const struct analysis *analysis, const GArray *records,
		      struct oops_text *oops, uint64_t *first)
{
	unsigned int after = old_oopses(analysis, records);

	*oops = (struct oops_text){0};
	if (oops_signalled(analysis))
		return find_numbered(records, after, oops, first) ||
		       find_begun(records, oops, first);
	/* Without a signal of its own, the collection is about the last oops. */
	return find_begun(records, oops, first) || find_numbered(records, after, oops, first);
}

/* The guest had fewer oopses than signals: the last oops belongs to this signal. */
static bool find_newest(const struct analysis *analysis, const GArray *records,
			struct oops_text *oops, uint64_t *first)
{
	unsigned int last = log_last_number(records);

	return analysis->report->collection.suppressed.oopses &&
	       last >= analysis->map->oopses_told && find_numbered(records, last - 1, oops, first);
}

/*
 * Do the newest records have a new oops and its end? This check is cheap: while a guest prints its
 * oops line by line, most checks find no end.
 */
static bool may_be_told(const struct analysis *analysis)
{
	g_autoptr(Snapshot) now = snapshot_new(snapshot_memory(analysis->frozen), MAX_LOG_PAGES);
	g_autoptr(GArray) records = NULL;
	bool begun = analysis->map_was_found; /* then it is unknown which oopses are new */
	struct kernel kernel;

	kernel_init(&kernel, analysis->map, now);
	records = printk_read_newest(&kernel, analysis->vmcoreinfo, NEWEST_RECORDS);
	for (guint i = 0; records && i < records->len; i++) {
		const char *text = g_array_index(records, struct printk_record, i).text;

		begun |= oops_line_number(text) > analysis->map->oopses_seen;
		if (begun && oops_line_ends(text))
			return true;
	}
	return records == NULL;
}

/* True: *@log is replaced by the log as it was read. */
static bool oops_is_told(const struct analysis *analysis, struct snapshot **log)
{
	g_autoptr(Snapshot) now = snapshot_new(snapshot_memory(analysis->frozen), MAX_LOG_PAGES);
	g_autoptr(GArray) records = NULL;
	struct kernel kernel;
	struct oops_text oops;
	uint64_t first;
	bool complete;

	kernel_init(&kernel, analysis->map, now);
	records = printk_read(&kernel, analysis->vmcoreinfo, NULL, NULL);
	complete = find_oops(analysis, records, &oops, &first) && oops.complete;
	oops_text_clear(&oops);
	if (complete) {
		g_clear_pointer(log, snapshot_free);
		*log = g_steal_pointer(&now);
	}
	return complete;
}

struct snapshot *analysis_wait_for_log(struct analysis *analysis, unsigned int settle_ms)
{
	bool nmi = !g_strcmp0(analysis->report->collection.nmi, "sent");
	bool told = !oops_signalled(analysis);
	int64_t now = g_get_monotonic_time();
	int64_t end = now + (int64_t)settle_ms * 1000;
	int64_t changed = now;
	uint64_t last = 0;
	bool quiet = false; /* the whole log was read after a pause */
	struct snapshot *log = NULL;

	if (!analysis->map)
		return NULL;
	while (!told || nmi) {
		bool look = false;
		uint64_t position;

		if (!printk_position(&analysis->kernel, analysis->vmcoreinfo, &position, NULL))
			break;
		now = g_get_monotonic_time();
		if (position != last) {
			last = position;
			changed = now;
			quiet = false;
			look = !told && may_be_told(analysis);
		} else if (!quiet && now - changed >= QUIET_US) {
			look = quiet = true;
		}
		told = told || (look && oops_is_told(analysis, &log));
		if ((told && (!nmi || now - changed >= QUIET_US)) || now >= end)
			break;
		g_usleep(POLL_US);
	}
	if (nmi) /* the NMI has added records */
		g_clear_pointer(&log, snapshot_free);
	return log;
}

static void add_records(struct report *report, const GArray *records)
{
	for (guint i = 0; i < records->len; i++) {
		const struct printk_record *record =
			&g_array_index(records, struct printk_record, i);
		struct report_log_record entry = {
			.sequence = record->sequence,
			.time_ns = record->time_ns,
			.level = record->level,
			.cpu = printk_caller_cpu(record),
			.pid = printk_caller_pid(record),
			.text = g_strdup(record->text),
		};

		g_array_append_val(report->log, entry);
	}
}

/* @start: of the oops's first record; NULL: it is not in the log. */
static void take_oops(struct report *report, struct oops_text *text, const uint64_t *start)
{
	report->oops = (struct report_oops){
		.known = true,
		.log_start = {start != NULL, start ? (int64_t)*start : 0},
		.kind = g_steal_pointer(&text->kind),
		.address = text->address,
		.cpu = text->cpu,
		.pid = text->pid,
		.comm = g_steal_pointer(&text->comm),
		.function = g_strdup(text->blame.functions[0]),
		.module = g_strdup(text->blame.module),
		.where = g_steal_pointer(&text->where),
	};
	report->culprit = text->blame;
	text->blame = (struct blame){0};
}

/*
 * Did an interrupt come after the fault in a task's own context? The CPU's counts are current. The
 * fault's handler runs on the stack of the fault, or has its own.
 */
static bool was_interrupted_later(const struct report *report, const struct report_vcpu *vcpu)
{
	bool on_irq_stack = false;

	for (guint i = 0; i < vcpu->frames->len; i++) {
		const struct frame *frame = &g_array_index(vcpu->frames, struct frame, i);

		if (frame->interrupted && report->fault.pc.known &&
		    frame->pc.value == report->fault.pc.value)
			return on_irq_stack && frame->stack == STACK_TASK;
		on_irq_stack |= frame->stack == STACK_IRQ;
	}
	return false;
}

bool log_oops_in_interrupt(const struct report *report)
{
	const struct maybe_int *cpu = &report->oops.cpu;

	for (guint i = 0; cpu->known && i < report->vcpus->len; i++) {
		const struct report_vcpu *vcpu =
			&g_array_index(report->vcpus, struct report_vcpu, i);

		if (vcpu->cpu.known && vcpu->cpu.value == cpu->value)
			return (vcpu->hardirq_depth.value > 0 || vcpu->nmi_depth.value > 0 ||
				vcpu->softirq_depth.value > 0) &&
			       !was_interrupted_later(report, vcpu);
	}
	return false;
}

/* "Kernel panic: REASON"; NULL: there was no panic. */
static char *panic_title(const GArray *records)
{
	const struct printk_record *record = complaints_find_panic(records);
	const char *reason = record ? record->text + strlen(COMPLAINTS_PANIC) : NULL;

	return reason ? g_strdup_printf("Kernel panic: %.*s", (int)strcspn(reason, "\n"), reason)
		      : NULL;
}

static bool is_panic(const struct analysis *analysis)
{
	return is_signal(analysis, "panicked") ||
	       (analysis->settings.panic_cpu.known && analysis->settings.panic_cpu.value != -1);
}

/* oops_end() and do_exit() panic with these texts; the oops is the cause. */
static bool is_panic_of_its_own(const char *title)
{
	static const char *const of_oopses[] = {"Fatal exception",
						"Aiee, killing interrupt handler",
						"Attempted to kill the idle task"};

	for (size_t i = 0; title && i < G_N_ELEMENTS(of_oopses); i++)
		if (strstr(title, of_oopses[i]))
			return false;
	return title != NULL;
}

/*
 * oops_end() (arch/x86/kernel/dumpstack.c) panics after an oops in an interrupt, and after any oops
 * with panic_on_oops. A dump of the oops that comes first gets the title of the panic's dump.
 */
static bool becomes_panic(const struct analysis *analysis, const char *panic)
{
	const struct report *report = analysis->report;

	return is_panic(analysis) || panic || report->guest.panic_on_oops.value > 0 ||
	       (g_strcmp0(report->fault.source, "stack") == 0 && log_oops_in_interrupt(report));
}

static void tell_oops(struct analysis *analysis, struct oops_text *oops, const uint64_t *start,
		      const char *panic)
{
	struct report *report = analysis->report;
	g_autofree char *title = NULL;
	unsigned int number = oops->number;

	fault_fill(analysis, oops);
	title = oops_text_title(oops);
	take_oops(report, oops, start);
	report->oops.number = (struct maybe_int){true, number};
	analysis->oopses_seen = number;
	report->oops.panicked = becomes_panic(analysis, panic);
	report->title = report->oops.panicked ? g_strdup_printf("%s, then panic", title)
					      : g_steal_pointer(&title);
	/* The last oops that was reported before has the last dump of an oops. */
	if (is_signal(analysis, "panicked") && number + 1ull == analysis->map->oopses_told)
		report->oops.earlier_dump = g_strdup(report->collection.previous);
}

/* Uses an oops that is not in the log yet, if a stack shows one. */
static void tell_oops_of_stack(struct analysis *analysis, const GArray *records)
{
	struct oops_text oops = {.number = log_last_number(records) + 1};

	report_add_error(analysis->report, "oops",
			 "the guest's log did not have the oops yet; a stack shows it");
	tell_oops(analysis, &oops, NULL, NULL);
	oops_text_clear(&oops);
}

static void tell_oops_of_log(struct analysis *analysis, struct oops_text *oops,
			     const uint64_t *start, const char *panic)
{
	if (!oops->complete)
		report_add_error(analysis->report, "log",
				 "the guest had not finished writing its oops");
	tell_oops(analysis, oops, start, panic);
	oops_text_clear(oops);
}

/* Finds the oops of this report and makes its title, or that of the panic. */
static void find_story(struct analysis *analysis, const GArray *records)
{
	struct report *report = analysis->report;
	g_autofree char *panic = is_panic(analysis) ? panic_title(records) : NULL;
	struct oops_text oops;
	uint64_t start;

	/* A requested collection need not have an oops; an old oops is not its reason. */
	if (is_signal(analysis, "collect") || is_hang(analysis) || is_panic_of_its_own(panic))
		report->title = g_steal_pointer(&panic);
	else if (find_oops(analysis, records, &oops, &start))
		tell_oops_of_log(analysis, &oops, &start, panic);
	else if ((oops_signalled(analysis) || is_panic(analysis)) && fault_is_on_stack(analysis))
		tell_oops_of_stack(analysis, records);
	else if (oops_signalled(analysis) && find_newest(analysis, records, &oops, &start))
		tell_oops_of_log(analysis, &oops, &start, panic);
	else
		report->title = g_steal_pointer(&panic);
}

void analysis_read_log(struct analysis *analysis, struct snapshot *log)
{
	struct report *report = analysis->report;
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) records = NULL;
	struct kernel kernel;
	const char *source;

	analysis->log = log;
	if (!analysis->map)
		report_add_error(report, "log", "without a Linux kernel there is no log to read");
	if (!analysis->map)
		return;
	kernel_init(&kernel, analysis->map, log);
	records = printk_read(&kernel, analysis->vmcoreinfo, &source, &error);
	if (error)
		report_add_error(report, "log", "the log is not whole: %s", error->message);
	report->log_source = g_strdup(source);
	add_records(report, records);
	guest_traces_add(report, records, analysis->map->log_seen);
	if (records->len)
		analysis->log_seen =
			g_array_index(records, struct printk_record, records->len - 1).sequence;
	note_told(analysis);
	find_story(analysis, records);
	if (!report->oops.known)
		complaints_tell(report, records, is_panic(analysis));
	left_out_list(analysis, records, (unsigned int)report->oops.number.value);
}

/* "deadlock of FUNCTION and FUNCTION" if the first chain is one; else NULL. g_free(). */
static char *deadlock_title(const struct report *report)
{
	const struct report_chain *chain;
	struct blame blame = {0};
	GString *title;

	if (report->tasks.chains->len == 0)
		return NULL;
	chain = &g_array_index(report->tasks.chains, struct report_chain, 0);
	if (!chain->deadlock)
		return NULL;
	title = g_string_new(chain->certain ? "deadlock" : "likely deadlock");
	culprit_of_deadlock(report, chain, &blame);
	for (guint i = 0; i < BLAME_FUNCTIONS && blame.functions[i]; i++)
		g_string_append_printf(title, " %s %s", i == 0 ? "of" : "and", blame.functions[i]);
	blame_clear(&blame);
	return g_string_free(title, FALSE);
}

/* Kinds whose title is not their name. */
static const struct stall_words {
	const char *incident, *title;
} stall_words[] = {
	{"starved", "starved: the host keeps a vCPU waiting"},
	{"dead", "dead: no vCPU runs"},
	{"watchdog", "watchdog expired"},
	{"kvm-error", "KVM internal error"},
};

static GString *stall_kind(const char *incident, bool ended)
{
	GString *title;

	for (size_t i = 0; i < G_N_ELEMENTS(stall_words) && !ended; i++)
		if (!g_strcmp0(incident, stall_words[i].incident))
			return g_string_new(stall_words[i].title);
	title = g_string_new(incident ? incident : "stall");
	g_strdelimit(title->str, "-", ' ');
	return g_string_append(title, ended ? " ended" : "");
}

/* Tasks that wait for each other explain the hang; a running CPU does not. */
static bool is_of_tasks(const char *incident)
{
	return !g_strcmp0(incident, "hung-task") || !g_strcmp0(incident, "watchdog");
}

/* "hard lockup in FUNCTION [MODULE]" */
static char *stall_title(const struct analysis *analysis)
{
	const struct report *report = analysis->report;
	const char *incident = report->collection.incident;
	bool ended = !g_strcmp0(report->collection.phase, "ended");
	g_autoptr(GString) title = stall_kind(incident, ended);
	const struct report_sleeper *cause = task_chains_cause(report);
	g_autofree char *deadlock = NULL;
	struct blame blame = {0};
	char *text;

	/*
	 * The CPUs' current functions do not explain a stall that is over, or one that the host
	 * causes.
	 */
	if (!ended && g_strcmp0(incident, "starved"))
		culprit_of_stall(report, &blame);
	if (!ended && is_of_tasks(incident))
		deadlock = deadlock_title(report);
	if (deadlock)
		g_string_append_printf(title, ": %s", deadlock);
	else if (!ended && !g_strcmp0(incident, "hung-task") && cause && cause->waits_in)
		g_string_append_printf(title, " in %s", cause->waits_in);
	text = blame_title(title->str, &blame);
	blame_clear(&blame);
	return text;
}

static const char *plain_title(const struct analysis *analysis)
{
	if (is_panic(analysis))
		return "kernel panic";
	if (!analysis->map)
		return "guest memory could not be understood";
	if (is_signal(analysis, "collect"))
		return "collected on request";
	if (is_signal(analysis, "file"))
		return "no oops in the guest's log";
	return "oops that the guest's log does not describe";
}

static char *title_without_text(const struct analysis *analysis)
{
	char *deadlock = NULL;

	if (is_signal(analysis, "collect") && analysis->map)
		deadlock = deadlock_title(analysis->report);
	return deadlock ? deadlock : g_strdup(plain_title(analysis));
}

void analysis_conclude(struct analysis *analysis)
{
	struct report *report = analysis->report;

	analysis_judge_consistency(analysis);
	task_facts_conclude(analysis);
	if (report->guest.wall_us.known && !report->collection.frozen)
		report_add_error(report, "guest.clock_offset_us",
				 "the instant at which the guest's clock was read is not known");
	if (!report->title)
		report->title =
			is_hang(analysis) ? stall_title(analysis) : title_without_text(analysis);
	culprit_conclude(report);
	verdict_fill(report);
	complaints_name_hang(report);
	if (!report->oops.known && !is_signal(analysis, "collect") && !is_hang(analysis))
		report_add_error(report, "oops", "no text of an oops in the guest's log");
}
