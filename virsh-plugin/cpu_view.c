/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu_view.h"

#include <string.h>

#include "cli.h"

/* The report was checked when it was stored, but members may be null, or of another version. */
static const char *text_of(JsonObject *object, const char *name, const char *otherwise)
{
	JsonNode *node = object ? json_object_get_member(object, name) : NULL;

	return node && JSON_NODE_HOLDS_VALUE(node) &&
			       json_node_get_value_type(node) == G_TYPE_STRING
		       ? json_node_get_string(node)
		       : otherwise;
}

static gint64 number_of(JsonObject *object, const char *name, gint64 otherwise)
{
	JsonNode *node = object ? json_object_get_member(object, name) : NULL;

	return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_int(node) : otherwise;
}

static bool flag_of(JsonObject *object, const char *name, bool otherwise)
{
	JsonNode *node = object ? json_object_get_member(object, name) : NULL;

	return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_boolean(node) : otherwise;
}

static JsonObject *object_of(JsonObject *object, const char *name)
{
	JsonNode *node = object ? json_object_get_member(object, name) : NULL;

	return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static JsonArray *array_of(JsonObject *object, const char *name)
{
	JsonNode *node = object ? json_object_get_member(object, name) : NULL;

	return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static JsonObject *element_of(JsonArray *array, guint i)
{
	JsonNode *node = json_array_get_element(array, i);

	return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

/* Those that are there of a register object, three in a line. */
static void append_lines(GString *text, const char *indent, JsonObject *regs)
{
	static const char *const lines[][3] = {
		{"rip", "rsp", "rflags"}, {"rax", "rbx", "rcx"}, {"rdx", "rsi", "rdi"},
		{"rbp", "r8", "r9"},	  {"r10", "r11", "r12"}, {"r13", "r14", "r15"},
		{"cr0", "cr2", "cr3"},	  {"cr4", "efer", NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		if (!json_object_has_member(regs, lines[i][1]))
			continue;
		g_string_append(text, indent);
		for (size_t j = json_object_has_member(regs, lines[i][0]) ? 0 : 1;
		     j < 3 && lines[i][j]; j++) {
			g_autofree char *name = g_ascii_strup(lines[i][j], -1);
			const char *value = text_of(regs, lines[i][j], "unknown");

			bool last = j == 2 || !lines[i][j + 1];

			g_string_append_printf(text, last ? " %6s: %s" : " %6s: %-18s", name,
					       value);
		}
		g_string_append_c(text, '\n');
	}
}

static void append_registers(GString *text, JsonObject *regs)
{
	if (regs)
		append_lines(text, "", regs);
	else
		g_string_append(text, "  No registers.\n");
}

static void append_frames(GString *text, JsonArray *frames)
{
	if (!frames || json_array_get_length(frames) == 0) {
		g_string_append(text, "  No call trace.\n");
		return;
	}
	g_string_append(text, "  Call Trace:\n");
	for (guint i = 0; i < json_array_get_length(frames); i++) {
		JsonObject *frame = element_of(frames, i);
		const char *symbol = text_of(frame, "symbol", NULL);
		const char *module = text_of(frame, "module", NULL);
		JsonObject *regs = object_of(frame, "regs");

		if (regs)
			append_lines(text, "    ", regs);
		g_string_append(text, flag_of(frame, "reliable", true) ? "   " : "   ? ");
		if (symbol)
			g_string_append_printf(text, "%s+%#" G_GINT64_MODIFIER "x", symbol,
					       number_of(frame, "offset", 0));
		else
			g_string_append(text, text_of(frame, "pc", "unknown"));
		if (symbol && number_of(frame, "size", 0) > 0)
			g_string_append_printf(text, "/%#" G_GINT64_MODIFIER "x",
					       number_of(frame, "size", 0));
		if (module)
			g_string_append_printf(text, " [%s]", module);
		g_string_append(text,
				flag_of(frame, "late", false) ? "  (read after the thaw)\n" : "\n");
	}
}

/* In the words of report.txt. */
static void append_depths(GString *text, JsonObject *vcpu)
{
	const char *context = text_of(vcpu, "context", "unknown");
	gint64 preempt = number_of(vcpu, "preempt_depth", 0);

	/* In user mode they are on. */
	if (json_object_has_member(vcpu, "interrupts_on") &&
	    !json_object_get_null_member(vcpu, "interrupts_on") && strcmp(context, "user") != 0)
		g_string_append(text, flag_of(vcpu, "interrupts_on", false) ? ", interrupts on"
									    : ", interrupts off");
	if (number_of(vcpu, "nmi_depth", 0) > 0)
		g_string_append(text, ", in an NMI");
	if (number_of(vcpu, "hardirq_depth", 0) > 0)
		g_string_append(text, ", in a hard interrupt");
	if (flag_of(vcpu, "serving_softirq", false))
		g_string_append(text, ", serving a softirq");
	if (number_of(vcpu, "bh_disable_depth", 0) > 0)
		g_string_append(text, ", bottom halves off");
	/* An idle CPU's is always off. */
	if (preempt > 0 && strcmp(context, "idle") != 0)
		g_string_append_printf(text, ", preemption off (%" G_GINT64_FORMAT ")", preempt);
}

static void append_age(GString *text, const char **separator, const char *what, gint64 ns,
		       const char *after)
{
	if (ns < 0)
		return;
	g_string_append_printf(text, "%s%s %" G_GINT64_FORMAT ".%03" G_GINT64_FORMAT " s%s",
			       *separator, what, ns / 1000000000, ns / 1000000 % 1000, after);
	*separator = ", ";
}

/* What its scheduler and its timer say; an idle CPU has neither tasks nor ticks. */
static void append_schedule(GString *text, JsonObject *vcpu)
{
	gint64 runnable = number_of(vcpu, "runnable", -1);
	const char *separator = "  ";

	if (strcmp(text_of(vcpu, "context", "unknown"), "idle") == 0)
		return;
	append_age(text, &separator, "This task has run for", number_of(vcpu, "task_ran_ns", -1),
		   "");
	if (runnable >= 0) {
		g_string_append_printf(text, "%s%" G_GINT64_FORMAT " runnable", separator,
				       runnable);
		separator = ", ";
	}
	append_age(text, &separator, "last tick", number_of(vcpu, "tick_age_ns", -1), " ago");
	append_age(text, &separator, "watchdog touched", number_of(vcpu, "watchdog_age_ns", -1),
		   " ago");
	if (separator[0] == ',')
		g_string_append_c(text, '\n');
}

static void append_lock(GString *text, JsonObject *lock)
{
	if (!lock)
		return;
	g_string_append_printf(text, "  Waits for the lock at %s",
			       text_of(lock, "address", "unknown"));
	if (text_of(lock, "symbol", NULL))
		g_string_append_printf(text, " (%s)", text_of(lock, "symbol", NULL));
	if (number_of(lock, "position", 0) > 0)
		g_string_append_printf(
			text, ", number %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " in its queue",
			number_of(lock, "position", 0), number_of(lock, "queued", 0));
	g_string_append_c(text, '\n');
}

static GString *view(JsonObject *vcpu)
{
	GString *text = g_string_new(NULL);
	JsonObject *task = object_of(vcpu, "task");
	gint64 cpu = number_of(vcpu, "cpu", -1);
	const char *stopped = text_of(vcpu, "stopped", NULL);

	if (cpu >= 0)
		g_string_append_printf(text, "CPU %" G_GINT64_FORMAT " ", cpu);
	else
		g_string_append(text, "CPU unknown ");
	g_string_append_printf(text, "(vCPU %" G_GINT64_FORMAT "): %s", number_of(vcpu, "vcpu", -1),
			       text_of(vcpu, "context", "unknown"));
	if (task)
		g_string_append_printf(text, ", task %s (pid %" G_GINT64_FORMAT ")",
				       text_of(task, "comm", "unknown"),
				       number_of(task, "pid", -1));
	append_depths(text, vcpu);
	g_string_append_c(text, '\n');
	append_schedule(text, vcpu);
	append_registers(text, object_of(vcpu, "regs"));
	append_lock(text, object_of(vcpu, "waits_for_lock"));
	append_frames(text, array_of(vcpu, "frames"));
	if (stopped)
		g_string_append_printf(text, "  The trace ends early: %s\n", stopped);
	return text;
}

GString *cpu_view(JsonObject *report, guint64 cpu, GError **error)
{
	JsonArray *vcpus = array_of(report, "vcpus");
	guint count = vcpus ? json_array_get_length(vcpus) : 0;

	for (guint i = 0; i < count; i++) {
		JsonObject *vcpu = element_of(vcpus, i);
		gint64 number = number_of(vcpu, "cpu", number_of(vcpu, "vcpu", -1));

		if (vcpu && number >= 0 && (guint64)number == cpu)
			return view(vcpu);
	}
	g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
		    "the report has no CPU %" G_GUINT64_FORMAT ": it has %u vCPUs", cpu, count);
	return NULL;
}
