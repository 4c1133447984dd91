/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "task_view.h"

#include "cli.h"
#include "members.h"
#include "trace.h"

#define NS_PER_S 1000000000

static JsonObject *tasks_of(JsonObject *report, GError **error)
{
	JsonObject *tasks = member_object(report, "tasks");

	if (!tasks)
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "the report has no tasks: 'collect' reads them, and an oops does with "
			    "the domain's option tasks=blocked");
	return tasks;
}

/* "mutex 0x... held by COMM (pid N)", or the function in which it sleeps. */
static void append_wait(GString *text, JsonObject *task)
{
	JsonObject *wait = member_object(task, "waits_for");
	JsonObject *holder = member_object(wait, "holder");
	const char *place = member_text(task, "waits_in", NULL);

	if (wait) {
		const char *address = member_text(wait, "address", NULL);

		g_string_append(text, member_text(wait, "kind", "unknown"));
		if (address)
			g_string_append_printf(text, " %s", member_text(wait, "symbol", address));
	} else if (member_flag(task, "running", false)) {
		g_string_append(text, "runs");
	}
	if (place)
		g_string_append_printf(text, "%sin %s", wait ? " " : "", place);
	if (holder)
		g_string_append_printf(text, ", %s %s (pid %" G_GINT64_FORMAT ")",
				       member_text(holder, "as", "holder"),
				       member_text(holder, "comm", "unknown"),
				       member_number(holder, "pid", -1));
}

static void append_line(GString *text, JsonObject *task)
{
	gint64 ns = member_number(task, "not_run_ns", -1);
	gint64 cpu = member_number(task, "cpu", -1);

	g_string_append_printf(text, "%7" G_GINT64_FORMAT "  %-16s %s ",
			       member_number(task, "pid", -1), member_text(task, "comm", "unknown"),
			       member_text(task, "state", "?"));
	if (cpu >= 0)
		g_string_append_printf(text, "%4" G_GINT64_FORMAT " ", cpu);
	else
		g_string_append(text, "   ? ");
	if (ns >= 0)
		g_string_append_printf(text, "%9" G_GINT64_FORMAT ".%03" G_GINT64_FORMAT "  ",
				       ns / NS_PER_S, ns / (NS_PER_S / 1000) % 1000);
	else
		g_string_append_printf(text, "%13s  ", "-");
	append_wait(text, task);
	g_string_append_c(text, '\n');
}

/* "vda: 3 requests with the host, the oldest for 41 s" */
static void append_disks(GString *text, JsonArray *disks)
{
	for (guint i = 0; disks && i < json_array_get_length(disks); i++) {
		JsonObject *disk = element_object(disks, i);
		gint64 num = member_number(disk, "in_flight", 0);
		gint64 oldest_ns = member_number(disk, "oldest_ns", -1);

		if (oldest_ns < NS_PER_S)
			continue;
		g_string_append_printf(text,
				       "%s: %" G_GINT64_FORMAT " request%s with the host, the "
				       "oldest for %" G_GINT64_FORMAT " s\n",
				       member_text(disk, "name", "unknown"), num,
				       num == 1 ? "" : "s", oldest_ns / NS_PER_S);
	}
}

GString *tasks_view(JsonObject *report, GError **error)
{
	JsonObject *tasks = tasks_of(report, error);
	JsonArray *chains = member_array(tasks, "chains");
	JsonArray *shown = member_array(tasks, "shown");
	GString *text;

	if (!tasks)
		return NULL;
	text = g_string_new(NULL);
	g_string_append_printf(
		text, "%" G_GINT64_FORMAT " tasks, %" G_GINT64_FORMAT " of them blocked\n",
		member_number(tasks, "num", 0), member_number(tasks, "num_blocked", 0));
	for (guint i = 0; chains && i < json_array_get_length(chains); i++)
		g_string_append_printf(text, "%s\n",
				       member_text(element_object(chains, i), "text", "unknown"));
	append_disks(text, member_array(tasks, "disks"));
	if (!shown || json_array_get_length(shown) == 0)
		return text;
	g_string_append(text, "\n    PID  NAME             S  CPU  NOT RUN FOR s  WAITS FOR\n");
	for (guint i = 0; i < json_array_get_length(shown); i++)
		append_line(text, element_object(shown, i));
	return text;
}

void task_append(GString *text, JsonObject *task)
{
	const char *stopped = member_text(task, "stopped", NULL);

	append_line(text, task);
	trace_append(text, member_array(task, "frames"));
	if (stopped)
		g_string_append_printf(text, "  The trace ends early: %s\n", stopped);
}

static GString *view(JsonObject *task)
{
	GString *text = g_string_new(NULL);

	task_append(text, task);
	return text;
}

GString *task_view(JsonObject *report, guint64 pid, GError **error)
{
	JsonObject *tasks = tasks_of(report, error);
	JsonArray *shown = member_array(tasks, "shown");

	if (!tasks)
		return NULL;
	for (guint i = 0; shown && i < json_array_get_length(shown); i++) {
		JsonObject *task = element_object(shown, i);
		gint64 number = member_number(task, "pid", -1);

		if (number >= 0 && (guint64)number == pid)
			return view(task);
	}
	g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
		    "the report does not show task %" G_GUINT64_FORMAT
		    ": 'info --tasks' lists those it does, 'collect --tasks all' takes more",
		    pid);
	return NULL;
}
