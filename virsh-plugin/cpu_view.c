/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu_view.h"

#include "cli.h"
#include "members.h"
#include "trace.h"

static void append_registers(GString *text, JsonObject *vcpu)
{
	if (member_object(vcpu, "regs"))
		trace_append_registers(text, vcpu);
	else
		g_string_append(text, "  No registers.\n");
}

/* In the words of report.txt. */
static void append_depths(GString *text, JsonObject *vcpu)
{
	const char *context = member_text(vcpu, "context", "unknown");
	gint64 preempt = member_number(vcpu, "preempt_depth", 0);

	/* In user mode interrupts are always on. */
	if (json_object_has_member(vcpu, "interrupts_on") &&
	    !json_object_get_null_member(vcpu, "interrupts_on") && strcmp(context, "user") != 0)
		g_string_append(text, member_flag(vcpu, "interrupts_on", false)
					      ? ", interrupts on"
					      : ", interrupts off");
	if (member_number(vcpu, "nmi_depth", 0) > 0)
		g_string_append(text, ", in an NMI");
	if (member_number(vcpu, "hardirq_depth", 0) > 0)
		g_string_append(text, ", in a hard interrupt");
	if (member_flag(vcpu, "serving_softirq", false))
		g_string_append(text, ", serving a softirq");
	if (member_number(vcpu, "bh_disable_depth", 0) > 0)
		g_string_append(text, ", bottom halves off");
	/* An idle CPU always has preemption disabled. */
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

/* The state of the CPU's scheduler and timer; an idle CPU has neither tasks nor ticks. */
static void append_schedule(GString *text, JsonObject *vcpu)
{
	gint64 runnable = member_number(vcpu, "runnable", -1);
	const char *separator = "  ";

	if (strcmp(member_text(vcpu, "context", "unknown"), "idle") == 0)
		return;
	append_age(text, &separator, "This task has run for",
		   member_number(vcpu, "task_ran_ns", -1), "");
	if (runnable >= 0) {
		g_string_append_printf(text, "%s%" G_GINT64_FORMAT " runnable", separator,
				       runnable);
		separator = ", ";
	}
	append_age(text, &separator, "last tick", member_number(vcpu, "tick_age_ns", -1), " ago");
	append_age(text, &separator, "watchdog touched", member_number(vcpu, "watchdog_age_ns", -1),
		   " ago");
	if (separator[0] == ',')
		g_string_append_c(text, '\n');
}

static void append_lock(GString *text, JsonObject *lock)
{
	if (!lock)
		return;
	g_string_append_printf(text, "  Waits for the lock at %s",
			       member_text(lock, "address", "unknown"));
	if (member_text(lock, "symbol", NULL))
		g_string_append_printf(text, " (%s)", member_text(lock, "symbol", NULL));
	if (member_number(lock, "position", 0) > 0)
		g_string_append_printf(
			text, ", number %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " in its queue",
			member_number(lock, "position", 0), member_number(lock, "queued", 0));
	g_string_append_c(text, '\n');
}

void cpu_append(GString *text, JsonObject *vcpu)
{
	JsonObject *task = member_object(vcpu, "task");
	gint64 cpu = member_number(vcpu, "cpu", -1);
	const char *stopped = member_text(vcpu, "stopped", NULL);

	if (cpu >= 0)
		g_string_append_printf(text, "CPU %" G_GINT64_FORMAT " ", cpu);
	else
		g_string_append(text, "CPU unknown ");
	g_string_append_printf(text, "(vCPU %" G_GINT64_FORMAT "): %s",
			       member_number(vcpu, "vcpu", -1),
			       member_text(vcpu, "context", "unknown"));
	if (task)
		g_string_append_printf(text, ", task %s (pid %" G_GINT64_FORMAT ")",
				       member_text(task, "comm", "unknown"),
				       member_number(task, "pid", -1));
	append_depths(text, vcpu);
	g_string_append_c(text, '\n');
	append_schedule(text, vcpu);
	append_registers(text, vcpu);
	append_lock(text, member_object(vcpu, "waits_for_lock"));
	trace_append(text, member_array(vcpu, "frames"));
	if (stopped)
		g_string_append_printf(text, "  The trace ends early: %s\n", stopped);
}

static GString *view(JsonObject *vcpu)
{
	GString *text = g_string_new(NULL);

	cpu_append(text, vcpu);
	return text;
}

GString *cpu_view(JsonObject *report, guint64 cpu, GError **error)
{
	JsonArray *vcpus = member_array(report, "vcpus");
	guint count = vcpus ? json_array_get_length(vcpus) : 0;

	for (guint i = 0; i < count; i++) {
		JsonObject *vcpu = element_object(vcpus, i);
		gint64 number = member_number(vcpu, "cpu", member_number(vcpu, "vcpu", -1));

		if (vcpu && number >= 0 && (guint64)number == cpu)
			return view(vcpu);
	}
	g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
		    "the report has no CPU %" G_GUINT64_FORMAT ": it has %u vCPUs", cpu, count);
	return NULL;
}
