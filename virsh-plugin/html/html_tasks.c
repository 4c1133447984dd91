/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "html_tasks.h"

#include "../members.h"
#include "../task_view.h"
#include "html_lanes.h"
#include "html_parts.h"

#define MAX_TASKS 256
#define MAX_STACK ((size_t)8 << 10)
#define MAX_STACKS ((size_t)64 << 10) /* bytes of the stacks of all tasks */

static void add_wait(struct html *html, JsonObject *task)
{
	JsonObject *wait = member_object(task, "waits_for");
	JsonObject *holder = member_object(wait, "holder");

	if (!wait)
		return;
	html_elementf(html, "span", "chip", "%s %s", member_text(wait, "kind", "waits for"),
		      member_text(wait, "symbol", member_text(wait, "address", "")));
	if (holder)
		html_elementf(html, "span", "chip", "%s %s (pid %" G_GINT64_FORMAT ")",
			      member_text(holder, "as", "holder"),
			      member_text(holder, "comm", "unknown"),
			      member_number(holder, "pid", -1));
}

static void add_summary(struct html *html, JsonObject *task)
{
	gint64 ns = member_number(task, "not_run_ns", -1);
	g_autofree char *age = html_duration(ns);
	g_autofree char *trace = html_short_trace(task);
	const char *place = member_text(task, "waits_in", trace);

	html_open(html, "summary", NULL);
	html_elementf(html, "b", NULL, "%" G_GINT64_FORMAT, member_number(task, "pid", -1));
	html_element(html, "span", "state", member_text(task, "state", "?"));
	html_element(html, "span", "task", member_text(task, "comm", "unknown"));
	html_open(html, "span", "doing");
	html_element(html, "code", NULL, place);
	add_wait(html, task);
	if (ns >= 0)
		html_elementf(html, "small", NULL, " for %s", age);
	html_close(html);
	html_close(html);
}

static void add_stack(struct html *html, JsonObject *task)
{
	GString *text = g_string_new(NULL);

	task_append(text, task);
	html_preformatted(html, "stack", text->str, MAX_STACK);
	g_string_free(text, TRUE);
}

void html_tasks(struct html *html, JsonObject *report)
{
	JsonObject *tasks = member_object(report, "tasks");
	JsonArray *shown = member_array(tasks, "shown");
	guint count = shown ? json_array_get_length(shown) : 0;
	size_t stacks_end = html_length(html) + MAX_STACKS;
	guint without_stack = 0;

	if (!tasks)
		return;
	html_section(html, "tasks", "Tasks");
	html_elementf(html, "p", NULL,
		      "%" G_GINT64_FORMAT " tasks, %" G_GINT64_FORMAT " of them blocked.",
		      member_number(tasks, "num", 0), member_number(tasks, "num_blocked", 0));
	html_open(html, "div", "lanes without-bars");
	for (guint i = 0; i < MIN(count, MAX_TASKS); i++) {
		JsonObject *task = element_object(shown, i);

		html_open(html, "details", "lane");
		add_summary(html, task);
		if (html_length(html) < stacks_end)
			add_stack(html, task);
		else
			without_stack++;
		html_close(html);
	}
	html_close(html);
	if (count > MAX_TASKS)
		html_note(html, "%d of %u tasks are shown; report.json has all.", MAX_TASKS, count);
	if (without_stack > 0)
		html_note(html, "%u tasks are shown without a stack; 'info --task PID' has it.",
			  without_stack);
	html_close(html);
}
