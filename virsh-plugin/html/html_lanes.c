/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "html_lanes.h"

#include <math.h>
#include <string.h>

#include "../cpu_view.h"
#include "../members.h"
#include "html_parts.h"

#define MAX_LANES 256
#define MAX_STACK ((size_t)12 << 10)   /* maximum bytes of one CPU's registers and stack */
#define MAX_STACKS ((size_t)192 << 10) /* the same for all CPUs together */
#define SHORT_FRAMES 3

/* The bar shows how long the task has had the CPU; its right end is the present. */
#define BAR_WIDTH 216.0
#define BAR_HEIGHT 14.0
#define MAX_DECADES 6 /* from 0.1 ms to 100 s, logarithmic */
#define NS_OF_FIRST 100000.0

/* --- the bar --- */

static bool is_idle(JsonObject *vcpu)
{
	return strcmp(member_text(vcpu, "context", "unknown"), "idle") == 0;
}

static double position(gint64 ns)
{
	double decades = ns > NS_OF_FIRST ? log10((double)ns / NS_OF_FIRST) : 0;

	return BAR_WIDTH - BAR_WIDTH * MIN(decades, MAX_DECADES) / MAX_DECADES;
}

static void draw_mark(struct html *html, const char *class, gint64 ns, const char *name)
{
	g_autofree char *duration = html_duration(ns);

	if (ns < 0)
		return;
	html_open(html, "g", class);
	html_elementf(html, "title", NULL, "%s %s ago", name, duration);
	html_line(html, NULL, MAX(position(ns) - 1, 1), 0, MAX(position(ns) - 1, 1), BAR_HEIGHT);
	html_close(html);
}

static char *describe_ages(JsonObject *vcpu)
{
	static const struct {
		const char *member;
		const char *words;
	} ages[] = {
		{"task_ran_ns", "has run for"},
		{"tick_age_ns", "last tick ago"},
		{"watchdog_age_ns", "watchdog touched ago"},
	};
	GString *text = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(ages); i++) {
		gint64 ns = member_number(vcpu, ages[i].member, -1);
		g_autofree char *duration = html_duration(ns);

		if (ns >= 0)
			g_string_append_printf(text, "%s%s %s", text->len > 0 ? ", " : "",
					       ages[i].words, duration);
	}
	return g_string_free(text, FALSE);
}

static void draw_bar(struct html *html, JsonObject *vcpu, const char *context)
{
	gint64 ran = member_number(vcpu, "task_ran_ns", -1);
	g_autofree char *label = describe_ages(vcpu);

	html_drawing(html, is_idle(vcpu) ? "bar empty" : "bar", BAR_WIDTH, BAR_HEIGHT, label);
	if (is_idle(vcpu)) {
		html_close(html);
		return;
	}
	if (ran >= 0)
		html_rectangle(html, context, position(ran), 3, MAX(BAR_WIDTH - position(ran), 2),
			       BAR_HEIGHT - 6);
	draw_mark(html, "tick", member_number(vcpu, "tick_age_ns", -1), "last tick");
	draw_mark(html, "watchdog", member_number(vcpu, "watchdog_age_ns", -1), "watchdog touched");
	html_close(html);
}

static void draw_scale(struct html *html)
{
	static const char *const decades[] = {"0", "1 ms", "10 ms", "100 ms", "1 s", "10 s"};

	html_element(
		html, "p", "legend",
		"Bar: how long the task has had the CPU. Thin mark: its last timer tick. Dotted "
		"mark: its lockup watchdog was touched. Idle CPUs have none of these.");
	html_open(html, "div", "scale");
	html_drawing(html, "bar", BAR_WIDTH, BAR_HEIGHT, "the bars' scale, to 100 s ago");
	for (size_t i = 0; i < G_N_ELEMENTS(decades); i++)
		html_label(html, "end", BAR_WIDTH - BAR_WIDTH * (double)i / MAX_DECADES,
			   BAR_HEIGHT - 3, decades[i]);
	html_close(html);
	html_close(html);
}

/* --- one lane --- */

char *html_short_trace(JsonObject *owner)
{
	JsonArray *frames = member_array(owner, "frames");
	GString *text = g_string_new(NULL);

	for (guint i = 0; frames && i < MIN(json_array_get_length(frames), SHORT_FRAMES); i++) {
		JsonObject *frame = element_object(frames, i);

		g_string_append_printf(text, "%s%s", i > 0 ? " ← " : "",
				       member_text(frame, "symbol", member_text(frame, "pc", "?")));
	}
	return g_string_free(text, FALSE);
}

/* A class of the style sheet, whatever the report contains. */
static const char *context_class(JsonObject *vcpu)
{
	static const char *const known[] = {"kernel", "user", "idle", "foreign"};
	const char *context = member_text(vcpu, "context", "unknown");

	for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
		if (strcmp(context, known[i]) == 0)
			return known[i];
	}
	return "unknown";
}

/* Only the function's name; the stack below has offset and module. */
static void add_lock(struct html *html, JsonObject *lock)
{
	const char *symbol = member_text(lock, "symbol", member_text(lock, "address", "a lock"));
	g_autofree char *name = g_strndup(symbol, strcspn(symbol, "+"));

	html_elementf(html, "span", "chip bad", "waits for %s", name);
}

static void add_states(struct html *html, JsonObject *vcpu)
{
	JsonObject *lock = member_object(vcpu, "waits_for_lock");

	/* In user mode interrupts are always on; an idle CPU always has preemption disabled. */
	if (json_object_has_member(vcpu, "interrupts_on") &&
	    !json_object_get_null_member(vcpu, "interrupts_on") &&
	    !member_flag(vcpu, "interrupts_on", true))
		html_element(html, "span", "chip", "interrupts off");
	if (member_number(vcpu, "nmi_depth", 0) > 0)
		html_element(html, "span", "chip", "NMI");
	if (member_number(vcpu, "hardirq_depth", 0) > 0)
		html_element(html, "span", "chip", "hard interrupt");
	if (member_flag(vcpu, "serving_softirq", false))
		html_element(html, "span", "chip", "softirq");
	if (lock)
		add_lock(html, lock);
	if (strcmp(member_text(vcpu, "consistency", "frozen"), "frozen") != 0)
		html_element(html, "span", "chip", member_text(vcpu, "consistency", ""));
}

static void add_task(struct html *html, JsonObject *vcpu)
{
	JsonObject *task = member_object(vcpu, "task");

	html_open(html, "span", "task");
	if (task) {
		html_text(html, member_text(task, "comm", "unknown"));
		html_elementf(html, "small", NULL, " %" G_GINT64_FORMAT,
			      member_number(task, "pid", -1));
	}
	html_close(html);
}

static void add_summary(struct html *html, JsonObject *vcpu, const char *mark, bool has_ages)
{
	gint64 cpu = member_number(vcpu, "cpu", -1);
	g_autofree char *trace = html_short_trace(vcpu);

	html_open(html, "summary", NULL);
	if (cpu >= 0)
		html_elementf(html, "b", NULL, "CPU %" G_GINT64_FORMAT, cpu);
	else
		html_elementf(html, "b", NULL, "vCPU %" G_GINT64_FORMAT,
			      member_number(vcpu, "vcpu", -1));
	html_element(html, "span", "state", mark ? mark : member_text(vcpu, "context", "unknown"));
	add_task(html, vcpu);
	if (has_ages)
		draw_bar(html, vcpu, context_class(vcpu));
	html_open(html, "span", "doing");
	html_element(html, "code", NULL, trace);
	if (mark && is_idle(vcpu))
		html_element(html, "span", "chip", "idle by now");
	add_states(html, vcpu);
	html_close(html);
	html_close(html);
}

static void add_stack(struct html *html, JsonObject *vcpu)
{
	GString *text = g_string_new(NULL);
	const char *disagreement = member_text(vcpu, "disagreement", NULL);
	const char *foreign = member_text(vcpu, "foreign", NULL);

	cpu_append(text, vcpu);
	if (foreign)
		html_elementf(html, "p", NULL, "It does not run this kernel: %s", foreign);
	html_preformatted(html, "stack", text->str, MAX_STACK);
	if (disagreement)
		html_elementf(html, "p", NULL, "The guest's own backtrace differs: %s",
			      disagreement);
	g_string_free(text, TRUE);
}

/* --- all lanes --- */

struct lanes {
	gint64 marked;		      /* the CPU that oopsed or stalls, or -1 */
	const char *mark, *idle_mark; /* the label for it */
	bool has_ages;
	size_t stacks_end; /* size of the page beyond which lanes have no stacks */
	guint shown, without_stack;
};

static void add_lane(struct html *html, struct lanes *lanes, JsonObject *vcpu)
{
	gint64 cpu = member_number(vcpu, "cpu", -1);
	bool is_marked = cpu >= 0 && cpu == lanes->marked;
	const char *mark = is_idle(vcpu) ? lanes->idle_mark : lanes->mark;
	g_autofree char *class =
		g_strdup_printf("lane %s%s", context_class(vcpu), is_marked ? " marked" : "");

	lanes->shown++;
	html_open(html, "details", class);
	add_summary(html, vcpu, is_marked ? mark : NULL, lanes->has_ages);
	if (html_length(html) < lanes->stacks_end)
		add_stack(html, vcpu);
	else
		lanes->without_stack++;
	html_close(html);
}

static bool has_ages(JsonArray *vcpus, guint count)
{
	for (guint i = 0; i < count; i++) {
		JsonObject *vcpu = element_object(vcpus, i);

		if (member_number(vcpu, "task_ran_ns", -1) >= 0 ||
		    member_number(vcpu, "tick_age_ns", -1) >= 0)
			return true;
	}
	return false;
}

/*
 * Adds the CPUs in order. If there are too many, active CPUs come first, then idle ones as space
 * permits.
 */
static void add_lanes(struct html *html, struct lanes *lanes, JsonArray *vcpus, guint count)
{
	bool all = count <= MAX_LANES;

	for (int idle = 0; idle <= (all ? 0 : 1); idle++) {
		for (guint i = 0; i < count && lanes->shown < MAX_LANES; i++) {
			JsonObject *vcpu = element_object(vcpus, i);

			if (vcpu && (all || is_idle(vcpu) == idle))
				add_lane(html, lanes, vcpu);
		}
	}
}

/* Finds the CPU to mark; for a stalled guest the host names it. */
static void find_marked(struct lanes *lanes, JsonObject *report)
{
	lanes->marked = member_number(member_object(report, "oops"), "cpu", -1);
	lanes->mark = "oopsing";
	lanes->idle_mark = "oopsed"; /* the freeze came late */
	if (lanes->marked >= 0)
		return;
	lanes->marked = member_number(member_object(report, "stall"), "cpu", -1);
	lanes->mark = lanes->idle_mark = "stuck";
}

static void add_buttons(struct html *html)
{
	html_open(html, "p", "buttons");
	html_attribute(html, "id", "lane-buttons");
	html_close(html);
}

void html_lanes(struct html *html, JsonObject *report)
{
	JsonArray *vcpus = member_array(report, "vcpus");
	guint count = vcpus ? json_array_get_length(vcpus) : 0;
	struct lanes lanes = {
		.has_ages = has_ages(vcpus, count),
		.stacks_end = html_length(html) + MAX_STACKS,
	};

	find_marked(&lanes, report);
	html_section(html, "cpus", "CPUs");
	add_buttons(html);
	if (lanes.has_ages)
		draw_scale(html);
	html_open(html, "div", lanes.has_ages ? "lanes" : "lanes without-bars");
	add_lanes(html, &lanes, vcpus, count);
	html_close(html);
	if (lanes.shown < count)
		html_note(html, "%u of %u CPUs are shown, idle ones last; report.json has all.",
			  lanes.shown, count);
	if (lanes.without_stack > 0)
		html_note(html,
			  "%u CPUs are shown without registers and stack; 'info --cpu N' and "
			  "report.json have them.",
			  lanes.without_stack);
	if (!lanes.has_ages)
		html_note(html, "Since when each CPU does this is not known.");
	html_close(html);
}
