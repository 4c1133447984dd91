// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/task_facts.h"

#include "analyze/task_chains.h"
#include "kernel/blocked.h"
#include "kernel/rcu.h"
#include "kernel/resolve.h"
#include "kernel/schedule.h"
#include "kernel/unwind.h"

#define MAX_SHOWN 256
#define MIN_CAPTURE_US 4000
#define CAPTURES_PER_BUDGET 50

static bool wanted(const struct analysis *analysis)
{
	return analysis->map && analysis->report->collection.tasks;
}

/* Reads RCU's nodes, its readers, and the stacks of those that do not run. */
static void capture_readers(const struct analysis *analysis, struct waits *waits)
{
	const struct kernel *kernel = &analysis->kernel;
	struct rcu_readers readers;
	struct rcu_cpus cpus;
	bool late = false;

	rcu_read_cpus(kernel, &cpus);
	for (guint i = 0; i < analysis->vcpus->len; i++)
		if (analysis->cpus[i].current.value)
			rcu_depth(kernel, analysis->cpus[i].current, &late);
	rcu_find_readers(kernel, &readers);
	for (unsigned int i = 0; i < readers.num; i++) {
		const struct task_entry *entry = tasks_find(waits->tasks, readers.tasks[i]);

		rcu_depth(kernel, readers.tasks[i], &late);
		if (entry)
			blocked_capture(waits, entry);
	}
}

static int64_t capture_us(const struct analysis *analysis)
{
	int64_t budget_us = (int64_t)analysis->report->collection.budget_ms * 1000;

	return MAX(budget_us / CAPTURES_PER_BUDGET, MIN_CAPTURE_US);
}

void task_facts_capture(const struct analysis *analysis)
{
	const struct kernel *kernel = &analysis->kernel;
	int64_t deadline_us = g_get_monotonic_time() + capture_us(analysis);
	struct waits *waits;
	struct tasks tasks;

	if (!wanted(analysis))
		return;
	tasks_walk(kernel, deadline_us, &tasks);
	waits = waits_new(kernel, &tasks, deadline_us);
	capture_readers(analysis, waits);
	for (guint i = 0; i < tasks.entries->len && g_get_monotonic_time() < deadline_us; i++) {
		const struct task_entry *entry =
			&g_array_index(tasks.entries, struct task_entry, i);

		if (task_is_blocked(entry))
			blocked_capture(waits, entry);
	}
	waits_free(waits);
	tasks_clear(&tasks);
}

/* Display order: blocked tasks, then tasks that wait for a CPU. */
static int rank(const struct task_entry *entry)
{
	if (task_is_blocked(entry))
		return 0;
	return task_letter(entry) == 'R' && entry->on_cpu.known && !entry->on_cpu.value ? 1 : 2;
}

/* Longest wait first, then by PID. */
static int compare(const void *a, const void *b)
{
	const struct task_entry *left = *(const struct task_entry *const *)a;
	const struct task_entry *right = *(const struct task_entry *const *)b;

	if (rank(left) != rank(right))
		return rank(left) - rank(right);
	if (left->ran_ns.value != right->ran_ns.value)
		return left->ran_ns.value < right->ran_ns.value ? -1 : 1;
	return (left->task.pid.value > right->task.pid.value) -
	       (left->task.pid.value < right->task.pid.value);
}

/* Returns an array of const struct task_entry *. */
static GPtrArray *choose(struct analysis *analysis, const struct tasks *tasks)
{
	bool all = g_str_equal(analysis->report->collection.tasks, "all");
	GPtrArray *chosen = g_ptr_array_new();
	guint num;

	for (guint i = 0; i < tasks->entries->len; i++) {
		struct task_entry *entry = &g_array_index(tasks->entries, struct task_entry, i);

		analysis->report->tasks.num_blocked += task_is_blocked(entry);
		if (all || rank(entry) < 2)
			g_ptr_array_add(chosen, entry);
	}
	g_ptr_array_sort(chosen, compare);
	num = chosen->len;
	if (num > MAX_SHOWN) {
		report_add_error(analysis->report, "tasks.shown",
				 "%u of %u tasks are shown, with the owners of what they wait for",
				 MAX_SHOWN, num);
		g_ptr_array_set_size(chosen, MAX_SHOWN);
	}
	return chosen;
}

/* The reference time for all tasks: the latest of the run queues' clocks. */
static struct maybe_int clock_now(const struct analysis *analysis)
{
	struct maybe_int now = {0};

	for (guint i = 0; i < analysis->vcpus->len; i++) {
		struct schedule schedule;

		schedule_read(&analysis->kernel, &analysis->cpus[i], &schedule);
		if (schedule.clock_ns.known && (!now.known || schedule.clock_ns.value > now.value))
			now = schedule.clock_ns;
	}
	return now;
}

static bool any_late_frame(const GArray *frames)
{
	for (guint i = 0; i < frames->len; i++)
		if (g_array_index(frames, struct frame, i).late)
			return true;
	return false;
}

static void fill_frames(const struct kernel *kernel, const struct task_entry *entry,
			struct report_sleeper *sleeper)
{
	struct unwind_result result;

	if (!task_has_stack(kernel, entry)) {
		sleeper->frames = frames_new();
		if (!sleeper->running)
			sleeper->stopped = g_strdup("its saved stack pointer is not on its stack");
		return;
	}
	unwind_task(kernel, entry->address, entry->stack, gva(entry->sp.value), &result);
	for (guint i = 0; i < result.frames->len; i++) {
		struct frame *frame = &g_array_index(result.frames, struct frame, i);
		uint64_t back = !frame->interrupted;

		kernel_resolve(kernel, gva(frame->pc.value - back), &frame->symbol);
		if (frame->symbol.name)
			frame->symbol.offset += back;
	}
	sleeper->frames = g_steal_pointer(&result.frames);
	sleeper->stopped = g_steal_pointer(&result.stopped);
	sleeper->late |= any_late_frame(sleeper->frames);
	unwind_result_clear(&result);
}

static void fill_lock(const struct kernel *kernel, const struct blocked *blocked,
		      struct report_sleeper *sleeper)
{
	static const char *const claims[] = {
		[BLOCKED_NO_OWNER] = NULL,
		[BLOCKED_OWNER] = "owner",
		[BLOCKED_READER] = "reader",
		[BLOCKED_LAST_HOLDER] = "last holder",
	};
	struct resolved_symbol symbol;

	sleeper->waits_for = blocked_kind_name(blocked->kind);
	sleeper->claim = claims[blocked->claim];
	sleeper->late |= blocked->late;
	sleeper->lock = blocked->lock.value;
	if (!sleeper->lock)
		return;
	kernel_resolve(kernel, blocked->lock, &symbol);
	if (symbol.name)
		sleeper->lock_symbol = resolved_symbol_text(&symbol, sleeper->lock);
	resolved_symbol_clear(&symbol);
}

/* "FUNCTION [MODULE]", or NULL. */
static char *place_of_wait(const GArray *frames)
{
	struct blame blame = {0};
	char *place = NULL;

	blocked_blame(frames, &blame);
	if (blame_is_known(&blame))
		place = blame.module ? g_strdup_printf("%s [%s]", blame.functions[0], blame.module)
				     : g_strdup(blame.functions[0]);
	blame_clear(&blame);
	return place;
}

static struct report_sleeper make_sleeper(const struct kernel *kernel, struct waits *waits,
					  const struct task_entry *entry, struct maybe_int now,
					  struct blocked *blocked)
{
	struct report_sleeper sleeper = {
		.task = {.known = true,
			 .pid = entry->task.pid,
			 .tgid = entry->task.tgid,
			 .comm = g_strdup(entry->task.comm),
			 .state = g_strdup(entry->task.state)},
		.letter = task_letter(entry),
		.cpu = entry->cpu,
		.running = entry->on_cpu.known && entry->on_cpu.value,
		.late = entry->late,
	};

	*blocked = (struct blocked){0};
	fill_frames(kernel, entry, &sleeper);
	if (sleeper.running)
		return sleeper;
	if (now.known && entry->ran_ns.known && entry->ran_ns.value <= now.value)
		sleeper.for_ns = (struct maybe_int){true, now.value - entry->ran_ns.value};
	/* A runnable task waits only for a CPU, whatever its stack shows. */
	if (sleeper.letter == 'R')
		return sleeper;
	blocked_find(waits, entry, sleeper.frames, blocked);
	fill_lock(kernel, blocked, &sleeper);
	sleeper.waits_in = place_of_wait(sleeper.frames);
	return sleeper;
}

/* The index of @entry in @chosen; appends it if it is missing. */
static guint place_of(GPtrArray *chosen, const struct task_entry *entry)
{
	guint index;

	if (g_ptr_array_find(chosen, entry, &index))
		return index;
	g_ptr_array_add(chosen, (gpointer)entry);
	return chosen->len - 1;
}

static bool is_future(const struct task_entry *entry, struct maybe_int now)
{
	return now.known && entry->ran_ns.known && !entry->late && entry->ran_ns.value > now.value;
}

static void tell_what_is_missing(struct analysis *analysis, const struct waits *waits,
				 const GPtrArray *chosen, struct maybe_int now)
{
	guint num_future = 0;

	for (guint i = 0; i < chosen->len; i++)
		num_future += is_future(chosen->pdata[i], now);
	if (num_future > 0)
		report_add_error(analysis->report, "tasks.shown[].not_run_ns",
				 "%u tasks ran last in the future, by the guest's clock",
				 num_future);
	if (waits->stopped)
		report_add_error(analysis->report, "tasks.shown[].waits_for",
				 "not all locks were looked for: %s", waits->stopped);
}

static bool is_reader(const struct kernel *kernel, const struct task_entry *entry)
{
	bool late = false;

	return entry && rcu_depth(kernel, entry->address, &late).value > 0;
}

static void fill_rcu_of_cpus(struct analysis *analysis)
{
	GArray *vcpus = analysis->report->vcpus;
	struct rcu_cpus cpus;

	rcu_read_cpus(&analysis->kernel, &cpus);
	for (guint i = 0; analysis->cpus && i < vcpus->len; i++) {
		struct report_vcpu *vcpu = &g_array_index(vcpus, struct report_vcpu, i);
		bool late = false;

		if (vcpu->cpu.known && !cpus.late)
			vcpu->rcu_waits = rcu_waits_for(&cpus, vcpu->cpu.value);
		if (analysis->cpus[i].current.value)
			vcpu->rcu_depth =
				rcu_depth(&analysis->kernel, analysis->cpus[i].current, &late);
	}
}

/* Appends to @chosen the tasks that hold up the RCU grace period, if they are missing. */
static void add_readers(struct analysis *analysis, const struct tasks *tasks, GPtrArray *chosen)
{
	struct rcu_readers readers;
	unsigned int wrong = 0;

	rcu_find_readers(&analysis->kernel, &readers);
	for (unsigned int i = 0; i < readers.num; i++) {
		const struct task_entry *entry = tasks_find(tasks, readers.tasks[i]);
		guint place;

		if (!is_reader(&analysis->kernel, entry)) {
			wrong++;
			continue;
		}
		place = place_of(chosen, entry);
		g_array_append_val(analysis->report->tasks.readers, place);
	}
	/* Lists change while the guest runs. */
	if (readers.late)
		return;
	if (readers.stopped)
		report_add_error(analysis->report, "tasks.rcu_readers",
				 "not all RCU readers were seen: %s", readers.stopped);
	if (wrong > 0)
		report_add_error(analysis->report, "tasks.rcu_readers",
				 "%u entries of RCU's lists are no tasks, or no readers", wrong);
}

void task_facts_fill(struct analysis *analysis)
{
	struct report_tasks *report = &analysis->report->tasks;
	const struct kernel *kernel = &analysis->kernel;
	g_autoptr(GPtrArray) chosen = NULL;
	struct maybe_int now;
	struct waits *waits;
	struct tasks tasks;

	if (!wanted(analysis))
		return;
	tasks_walk(kernel, 0, &tasks);
	report->known = true;
	report->num = tasks.entries->len;
	if (tasks.stopped)
		report_add_error(analysis->report, "tasks", "not all tasks were seen: %s",
				 tasks.stopped);
	now = clock_now(analysis);
	chosen = choose(analysis, &tasks);
	add_readers(analysis, &tasks, chosen);
	fill_rcu_of_cpus(analysis);
	waits = waits_new(kernel, &tasks, 0);
	analysis->shown_tasks = g_array_new(FALSE, TRUE, sizeof(struct task_entry));
	/* The loop appends holders, which may wait for others in turn. */
	for (guint i = 0; i < chosen->len; i++) {
		struct blocked blocked;
		struct report_sleeper sleeper =
			make_sleeper(kernel, waits, chosen->pdata[i], now, &blocked);

		if (blocked.owner.value && chosen->len < 2 * MAX_SHOWN)
			sleeper.holder = (struct maybe_int){
				true, place_of(chosen, tasks_find(&tasks, blocked.owner))};
		g_array_append_val(report->shown, sleeper);
		g_array_append_vals(analysis->shown_tasks, chosen->pdata[i], 1);
	}
	tell_what_is_missing(analysis, waits, chosen, now);
	waits_free(waits);
	tasks_clear(&tasks);
}

/*
 * Drops what was read of a task that has run since. Its switch counts show that; if it has ended
 * and its memory was reused, its stack leads nowhere.
 */
static void drop(struct report_sleeper *sleeper)
{
	g_array_set_size(sleeper->frames, 0);
	g_free(sleeper->stopped);
	sleeper->stopped = g_strdup("it has run since the guest was thawed");
	sleeper->waits_for = NULL;
	sleeper->claim = NULL;
	sleeper->lock = 0;
	g_clear_pointer(&sleeper->lock_symbol, g_free);
	g_clear_pointer(&sleeper->waits_in, g_free);
	sleeper->holder.known = false;
}

void task_facts_conclude(struct analysis *analysis)
{
	struct report *report = analysis->report;
	struct kernel now;

	if (!report->tasks.known)
		return;
	if (analysis->log)
		kernel_init(&now, analysis->map, analysis->log);
	for (guint i = 0; i < report->tasks.shown->len; i++) {
		struct report_sleeper *sleeper =
			&g_array_index(report->tasks.shown, struct report_sleeper, i);
		const struct task_entry *entry =
			&g_array_index(analysis->shown_tasks, struct task_entry, i);

		if (sleeper->late && !sleeper->running &&
		    (sleeper->stopped || !analysis->log || !task_has_stood_still(&now, entry)))
			drop(sleeper);
	}
	task_chains_fill(report);
}
