// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/task_chains.h"

#include <inttypes.h>

#define NS_PER_S 1000000000
#define MAX_LINKS 16 /* shown in the text */

static const struct report_sleeper *sleeper_at(const struct report *report, guint index)
{
	return &g_array_index(report->tasks.shown, struct report_sleeper, index);
}

static void append_name(GString *text, const struct report_sleeper *sleeper)
{
	g_string_append_printf(text, "%s (pid %" PRId64 ")", sleeper->task.comm,
			       sleeper->task.pid.value);
}

static void append_for(GString *text, const struct report_sleeper *sleeper)
{
	if (sleeper->for_ns.known)
		g_string_append_printf(text, " for %" PRId64 ".%" PRId64 " s",
				       sleeper->for_ns.value / NS_PER_S,
				       sleeper->for_ns.value / (NS_PER_S / 10) % 10);
}

/* "waits for the mutex 0x... in FUNCTION for 12 s" */
static void append_wait(GString *text, const struct report_sleeper *sleeper)
{
	g_string_append_printf(text, " waits for %s ", sleeper->waits_for);
	if (sleeper->lock_symbol)
		g_string_append(text, sleeper->lock_symbol);
	else
		g_string_append_printf(text, "0x%016" PRIx64, sleeper->lock);
	if (sleeper->waits_in)
		g_string_append_printf(text, " in %s", sleeper->waits_in);
	append_for(text, sleeper);
	g_string_append_printf(text, ", %s ",
			       g_str_equal(sleeper->claim, "reader")
				       ? "held by readers, the last one"
			       : g_str_equal(sleeper->claim, "owner") ? "held by"
								      : "taken last by");
}

/* The function in which a vCPU runs the task. */
static const char *running_in(const struct report *report, const struct report_sleeper *sleeper)
{
	for (guint i = 0; i < report->vcpus->len; i++) {
		const struct report_vcpu *vcpu =
			&g_array_index(report->vcpus, struct report_vcpu, i);

		if (vcpu->task.known && vcpu->task.pid.value == sleeper->task.pid.value &&
		    vcpu->frames->len)
			return g_array_index(vcpu->frames, struct frame, 0).symbol.name;
	}
	return NULL;
}

/* Describes what the last task of a chain does. */
static void append_end(GString *text, const struct report *report,
		       const struct report_sleeper *sleeper)
{
	if (sleeper->running) {
		const char *function = running_in(report, sleeper);

		g_string_append_printf(text, ", which is running on CPU %" PRId64,
				       sleeper->cpu.value);
		if (function)
			g_string_append_printf(text, ", in %s", function);
		return;
	}
	if (sleeper->letter == 'Z' || sleeper->letter == 'X') {
		g_string_append(text, ", which has ended");
		return;
	}
	if (sleeper->letter == 'R') {
		g_string_append(text, ", which waits for a CPU");
	} else if (sleeper->waits_for) {
		g_string_append_printf(text, ", which waits for a %s", sleeper->waits_for);
		if (sleeper->waits_in)
			g_string_append_printf(text, " in %s", sleeper->waits_in);
	} else {
		g_string_append_printf(text, ", which sleeps in %s",
				       sleeper->waits_in ? sleeper->waits_in : "a place unknown");
	}
	append_for(text, sleeper);
}

static bool contains(const GArray *tasks, guint index)
{
	for (guint i = 0; i < tasks->len; i++)
		if (g_array_index(tasks, guint, i) == index)
			return true;
	return false;
}

static const char *beginning(const struct report_chain *chain)
{
	if (!chain->deadlock)
		return "";
	return chain->certain ? "Deadlock: " : "Likely deadlock: ";
}

static char *describe(const struct report *report, const struct report_chain *chain)
{
	GString *text = g_string_new(beginning(chain));
	guint last = chain->tasks->len - 1;

	for (guint i = 0; i <= last; i++) {
		const struct report_sleeper *sleeper;

		if (i == MAX_LINKS && i < last) {
			g_string_append_printf(text,
					       "the first of %u, each of which waits for the "
					       "next, and the last of which waits for ",
					       last - i);
			i = last;
		}
		sleeper = sleeper_at(report, g_array_index(chain->tasks, guint, i));
		append_name(text, sleeper);
		if (i > 0 && (i < last || chain->deadlock))
			g_string_append(text, ", which");
		if (i < last || chain->deadlock)
			append_wait(text, sleeper);
	}
	if (chain->deadlock)
		append_name(text, sleeper_at(report, g_array_index(chain->tasks, guint, 0)));
	else
		append_end(text, report,
			   sleeper_at(report, g_array_index(chain->tasks, guint, last)));
	return g_string_free(text, FALSE);
}

/*
 * Follows the chain from @start. A cycle that it leads into is a chain of its own, without @start.
 * A reader that took a lock last may have released it, as may the last holder of a semaphore.
 */
static struct report_chain follow(const struct report *report, guint start)
{
	struct report_chain chain = {
		.certain = true,
		.tasks = g_array_new(FALSE, FALSE, sizeof(guint)),
	};
	guint index = start;

	for (;;) {
		const struct report_sleeper *sleeper = sleeper_at(report, index);

		g_array_append_val(chain.tasks, index);
		if (!sleeper->holder.known || !sleeper->claim)
			return chain;
		chain.certain &= g_str_equal(sleeper->claim, "owner");
		index = (guint)sleeper->holder.value;
		if (index == start) {
			chain.deadlock = true;
			return chain;
		}
		if (contains(chain.tasks, index))
			return chain;
	}
}

/*
 * Is the chain from @start the same as, or the end of, an earlier one? Cycles may begin anywhere.
 */
static bool is_told(const struct report *report, guint start)
{
	for (guint i = 0; i < report->tasks.chains->len; i++)
		if (contains(g_array_index(report->tasks.chains, struct report_chain, i).tasks,
			     start))
			return true;
	return false;
}

/* If another task waits for it, its chain is part of another chain. */
static bool is_holder(const struct report *report, guint index)
{
	for (guint i = 0; i < report->tasks.shown->len; i++) {
		const struct report_sleeper *sleeper = sleeper_at(report, i);

		if (sleeper->holder.known && (guint)sleeper->holder.value == index && i != index)
			return true;
	}
	return false;
}

static void report_chains(struct report *report, bool deadlocks)
{
	for (guint i = 0; i < report->tasks.shown->len; i++) {
		struct report_chain chain;

		if (!sleeper_at(report, i)->holder.known || is_told(report, i) ||
		    (!deadlocks && is_holder(report, i)))
			continue;
		chain = follow(report, i);
		if (chain.deadlock != deadlocks) {
			g_array_unref(chain.tasks);
			continue;
		}
		chain.text = describe(report, &chain);
		g_array_append_val(report->tasks.chains, chain);
	}
}

void task_chains_fill(struct report *report)
{
	report_chains(report, true);
	report_chains(report, false);
}

/* Longest wait first. */
const struct report_sleeper *task_chains_longest(const struct report *report)
{
	for (guint i = 0; i < report->tasks.shown->len; i++)
		if (sleeper_at(report, i)->letter == 'D')
			return sleeper_at(report, i);
	return NULL;
}

/* The time that its tasks have waited; 0: unknown. */
static int64_t waited_ns(const struct report *report, const struct report_chain *chain)
{
	int64_t longest = 0;

	for (guint i = 0; i < chain->tasks->len; i++) {
		const struct report_sleeper *sleeper =
			sleeper_at(report, g_array_index(chain->tasks, guint, i));

		if (sleeper->letter == 'D')
			longest = MAX(longest, sleeper->for_ns.value);
	}
	return longest;
}

const struct report_chain *task_chains_telling(const struct report *report)
{
	const struct report_sleeper *longest = task_chains_longest(report);

	for (guint i = 0; i < report->tasks.chains->len; i++) {
		const struct report_chain *chain =
			&g_array_index(report->tasks.chains, struct report_chain, i);

		if (chain->deadlock || !longest ||
		    waited_ns(report, chain) >= longest->for_ns.value / 2)
			return chain;
	}
	return NULL;
}

static bool sleeps(const struct report_sleeper *sleeper)
{
	return !sleeper->running && (sleeper->letter == 'D' || sleeper->letter == 'S');
}

const struct report_sleeper *task_chains_cause(const struct report *report)
{
	const struct report_chain *chain = task_chains_telling(report);

	if (!chain)
		return task_chains_longest(report);
	for (guint i = chain->tasks->len; i > 0 && !chain->deadlock; i--) {
		const struct report_sleeper *sleeper =
			sleeper_at(report, g_array_index(chain->tasks, guint, i - 1));

		if (sleeps(sleeper))
			return sleeper;
	}
	return NULL;
}
