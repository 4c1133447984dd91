// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/text_tasks.h"

#include <inttypes.h>
#include <string.h>

#include "report/text_frames.h"
#include "report/text_writer.h"

#define NS_PER_S 1000000000
#define MAX_CHAINS 8 /* report.json has all */
#define MAX_LONE 4   /* tasks in no chain; the list below has all */

static void append_name(GString *text, const struct report_task *task)
{
	text_append_clean(text, task->comm);
	text_append(text, " (pid %" PRId64 ")", task->pid.value);
}

/* A working disk has only younger requests. */
static void write_disks(GString *text, const GArray *disks)
{
	for (guint i = 0; i < disks->len; i++) {
		const struct report_disk *disk = &g_array_index(disks, struct report_disk, i);

		if (!disk->oldest_ns.known || disk->oldest_ns.value < NS_PER_S)
			continue;
		text_append_clean(text, disk->name);
		text_append(text,
			    ": %" PRId64 " request%s with the host, the oldest for %" PRId64
			    " s.\n",
			    disk->in_flight, disk->in_flight == 1 ? "" : "s",
			    disk->oldest_ns.value / NS_PER_S);
	}
}

static bool is_in_chain(const struct report_tasks *tasks, guint task)
{
	for (guint i = 0; i < tasks->chains->len; i++) {
		const GArray *chain = g_array_index(tasks->chains, struct report_chain, i).tasks;

		for (guint j = 0; j < chain->len; j++)
			if (g_array_index(chain, guint, j) == task)
				return true;
	}
	return false;
}

/* "dd (pid 12) waits for a page writeback in blkdev_fsync for 12 s." */
static void write_lone(GString *text, const struct report_sleeper *sleeper)
{
	append_name(text, &sleeper->task);
	g_string_append(text, " waits");
	if (sleeper->waits_for)
		text_append(text, sleeper->lock_symbol ? " for %s " : " for a %s",
			    sleeper->waits_for);
	if (sleeper->lock_symbol)
		text_append_clean(text, sleeper->lock_symbol);
	if (sleeper->waits_in) {
		g_string_append(text, " in ");
		text_append_clean(text, sleeper->waits_in);
	}
	if (sleeper->for_ns.known)
		text_append(text, " for %" PRId64 " s", sleeper->for_ns.value / NS_PER_S);
	g_string_append(text, ".\n");
}

/* Longest wait first. */
static void write_lone_tasks(GString *text, const struct report_tasks *tasks, const char *told)
{
	guint num = 0;

	for (guint i = 0; i < tasks->shown->len && num < MAX_LONE; i++) {
		const struct report_sleeper *sleeper =
			&g_array_index(tasks->shown, struct report_sleeper, i);
		g_autoptr(GString) name = g_string_new(NULL);

		append_name(name, &sleeper->task);
		if (sleeper->letter != 'D' || is_in_chain(tasks, i) ||
		    (told && strstr(told, name->str)))
			continue;
		write_lone(text, sleeper);
		num++;
	}
}

void text_chains(GString *text, const struct report_tasks *tasks, const char *told)
{
	if (!tasks->known)
		return;
	text_append(text, "%" PRId64 " tasks, %" PRId64 " of them blocked.\n", tasks->num,
		    tasks->num_blocked);
	for (guint i = 0; i < MIN(tasks->chains->len, MAX_CHAINS); i++) {
		const char *chain = g_array_index(tasks->chains, struct report_chain, i).text;

		if (told && strstr(told, chain))
			continue;
		text_append_clean(text, chain);
		g_string_append(text, ".\n");
	}
	if (tasks->chains->len > MAX_CHAINS)
		text_append(text, "%u more chains are in report.json.\n",
			    tasks->chains->len - MAX_CHAINS);
	write_lone_tasks(text, tasks, told);
	write_disks(text, tasks->disks);
	g_string_append_c(text, '\n');
}

static void write_wait(GString *text, const struct report_tasks *tasks,
		       const struct report_sleeper *sleeper)
{
	const struct report_sleeper *holder;

	if (!sleeper->waits_for)
		return;
	text_append(text, "  Waits for a %s", sleeper->waits_for);
	if (sleeper->lock)
		text_append(text, " at 0x%016" PRIx64, sleeper->lock);
	if (sleeper->lock_symbol) {
		g_string_append(text, " (");
		text_append_clean(text, sleeper->lock_symbol);
		g_string_append_c(text, ')');
	}
	if (sleeper->claim && sleeper->holder.known) {
		holder = &g_array_index(tasks->shown, struct report_sleeper,
					(guint)sleeper->holder.value);
		text_append(text, ", %s ", sleeper->claim);
		append_name(text, &holder->task);
	}
	g_string_append_c(text, '\n');
}

static bool is_reader(const struct report_tasks *tasks, guint task)
{
	for (guint i = 0; i < tasks->readers->len; i++)
		if (g_array_index(tasks->readers, guint, i) == task)
			return true;
	return false;
}

static void write_task(GString *text, const struct report_tasks *tasks, guint index)
{
	const struct report_sleeper *sleeper =
		&g_array_index(tasks->shown, struct report_sleeper, index);

	g_string_append_c(text, '\n');
	append_name(text, &sleeper->task);
	text_append(text, ": %c", sleeper->letter);
	if (sleeper->running)
		text_append(text, ", running on CPU %" PRId64, sleeper->cpu.value);
	else if (sleeper->for_ns.known)
		text_append(text, ", has not run for %" PRId64 ".%03" PRId64 " s",
			    sleeper->for_ns.value / 1000000000,
			    sleeper->for_ns.value / 1000000 % 1000);
	if (!sleeper->running && sleeper->cpu.known)
		text_append(text, ", last on CPU %" PRId64, sleeper->cpu.value);
	g_string_append_c(text, '\n');
	write_wait(text, tasks, sleeper);
	if (is_reader(tasks, index))
		g_string_append(text, "  Holds up the RCU grace period: it is in a read-side "
				      "critical section\n");
	if (sleeper->frames->len > 0)
		text_trace(text, sleeper->frames, false);
	if (sleeper->stopped) {
		text_append(text, sleeper->frames->len > 0 ? "  The trace ends early: "
							   : "  No call trace: ");
		text_append_clean(text, sleeper->stopped);
		g_string_append_c(text, '\n');
	}
}

void text_tasks(GString *text, const struct report_tasks *tasks)
{
	if (!tasks->known)
		return;
	g_string_append(text, "\nTasks\n");
	if (tasks->shown->len == 0)
		g_string_append(text, "\nNo task is blocked.\n");
	for (guint i = 0; i < tasks->shown->len; i++)
		write_task(text, tasks, i);
}
