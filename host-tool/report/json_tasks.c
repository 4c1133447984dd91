// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/json_tasks.h"

#include "report/json_frame.h"

static const struct report_sleeper *sleeper_at(const struct report_tasks *tasks, guint index)
{
	return &g_array_index(tasks->shown, struct report_sleeper, index);
}

static void write_holder(struct json_writer *w, const struct report_tasks *tasks,
			 const struct report_sleeper *sleeper)
{
	const struct report_sleeper *holder;

	if (!sleeper->claim || !sleeper->holder.known) {
		json_null(w, "holder");
		return;
	}
	holder = sleeper_at(tasks, (guint)sleeper->holder.value);
	json_begin_object(w, "holder", JSON_PACKED);
	json_string(w, "as", sleeper->claim);
	json_maybe_integer(w, "pid", &holder->task.pid);
	json_string(w, "comm", holder->task.comm);
	json_end_object(w);
}

static void write_wait(struct json_writer *w, const struct report_tasks *tasks,
		       const struct report_sleeper *sleeper)
{
	if (!sleeper->waits_for) {
		json_null(w, "waits_for");
		return;
	}
	json_begin_object(w, "waits_for", JSON_PACKED);
	json_string(w, "kind", sleeper->waits_for);
	if (sleeper->lock)
		json_hex(w, "address", sleeper->lock);
	else
		json_null(w, "address");
	json_string(w, "symbol", sleeper->lock_symbol);
	write_holder(w, tasks, sleeper);
	json_end_object(w);
}

static void write_sleeper(struct json_writer *w, const struct report_tasks *tasks,
			  const struct report_sleeper *sleeper)
{
	const char letter[] = {sleeper->letter, '\0'};

	json_begin_object(w, NULL, JSON_SPREAD);
	json_maybe_integer(w, "pid", &sleeper->task.pid);
	json_maybe_integer(w, "tgid", &sleeper->task.tgid);
	json_string(w, "comm", sleeper->task.comm);
	json_string(w, "state", letter);
	json_maybe_integer(w, "cpu", &sleeper->cpu);
	json_boolean(w, "running", sleeper->running);
	json_maybe_integer(w, "not_run_ns", &sleeper->for_ns);
	json_boolean(w, "late", sleeper->late);
	write_wait(w, tasks, sleeper);
	json_string(w, "waits_in", sleeper->waits_in);
	json_begin_array(w, "frames", JSON_SPREAD);
	for (guint i = 0; i < sleeper->frames->len; i++)
		json_frame(w, &g_array_index(sleeper->frames, struct frame, i));
	json_end_array(w);
	json_string(w, "stopped", sleeper->stopped);
	json_end_object(w);
}

/* @indices: of guint, in tasks->shown */
static void write_pids(struct json_writer *w, const char *name, const struct report_tasks *tasks,
		       const GArray *indices)
{
	json_begin_array(w, name, JSON_PACKED);
	for (guint i = 0; i < indices->len; i++)
		json_integer(w, NULL,
			     sleeper_at(tasks, g_array_index(indices, guint, i))->task.pid.value);
	json_end_array(w);
}

static void write_chain(struct json_writer *w, const struct report_tasks *tasks,
			const struct report_chain *chain)
{
	json_begin_object(w, NULL, JSON_SPREAD);
	json_boolean(w, "deadlock", chain->deadlock);
	json_boolean(w, "certain", chain->certain);
	write_pids(w, "pids", tasks, chain->tasks);
	json_string(w, "text", chain->text);
	json_end_object(w);
}

static void write_disks(struct json_writer *w, const struct report_tasks *tasks)
{
	if (!tasks->disks_known) {
		json_null(w, "disks");
		return;
	}
	json_begin_array(w, "disks", JSON_SPREAD);
	for (guint i = 0; i < tasks->disks->len; i++) {
		const struct report_disk *disk =
			&g_array_index(tasks->disks, struct report_disk, i);

		json_begin_object(w, NULL, JSON_PACKED);
		json_string(w, "name", disk->name);
		json_integer(w, "in_flight", disk->in_flight);
		json_maybe_integer(w, "oldest_ns", &disk->oldest_ns);
		json_boolean(w, "late", disk->late);
		json_end_object(w);
	}
	json_end_array(w);
}

void json_tasks(struct json_writer *w, const struct report_tasks *tasks)
{
	if (!tasks->known)
		return;
	json_begin_object(w, "tasks", JSON_SPREAD);
	json_integer(w, "num", tasks->num);
	json_integer(w, "num_blocked", tasks->num_blocked);
	json_begin_array(w, "chains", JSON_SPREAD);
	for (guint i = 0; i < tasks->chains->len; i++)
		write_chain(w, tasks, &g_array_index(tasks->chains, struct report_chain, i));
	json_end_array(w);
	write_pids(w, "rcu_readers", tasks, tasks->readers);
	write_disks(w, tasks);
	json_begin_array(w, "shown", JSON_SPREAD);
	for (guint i = 0; i < tasks->shown->len; i++)
		write_sleeper(w, tasks, sleeper_at(tasks, i));
	json_end_array(w);
	json_end_object(w);
}
