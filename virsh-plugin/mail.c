/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mail.h"

#include <string.h>

#include "cpu_view.h"
#include "members.h"
#include "story.h"
#include "task_view.h"
#include "trace.h"

/* The maximum length: readers skip longer mails. */
#define MAX_LOG_RECORDS 400
#define MAX_TASKS 32
#define TAIL_RECORDS 40 /* of a log without an oops */

/* --- the machine and the kernel --- */

static void append_fact(GString *text, const char *name, const char *value)
{
	g_autofree char *stripped = g_strstrip(g_strdup(value ? value : ""));

	if (*stripped)
		g_string_append_printf(text, "%-14s%s\n", name, stripped);
}

static guint num_records(JsonArray *records)
{
	return records ? json_array_get_length(records) : 0;
}

/* The rest of the first line of the log that begins with @beginning, or NULL. */
static const char *find_in_log(JsonArray *records, const char *beginning)
{
	for (guint i = 0; i < num_records(records); i++) {
		const char *line = member_text(element_object(records, i), "text", "");

		if (g_str_has_prefix(line, beginning))
			return line + strlen(beginning);
	}
	return NULL;
}

static void append_taint(GString *text, JsonObject *guest)
{
	const char *letters = member_text(guest, "taint_letters", NULL);
	const char *mask = member_text(guest, "taint", NULL);

	if (!mask)
		return;
	if (letters && *letters)
		g_string_append_printf(text, "%-14s%s (%s)\n", "Tainted:", letters, mask);
	else
		append_fact(text, "Tainted:", "no");
}

/* "QEMU 7.2.22, libvirt 9.0.0": the first part is the guest's machine. */
static char *machine_of(JsonObject *report)
{
	const char *hypervisor =
		member_text(member_object(report, "collector"), "hypervisor", NULL);

	return hypervisor && g_str_has_prefix(hypervisor, "QEMU ")
		       ? g_strndup(hypervisor, strcspn(hypervisor, ","))
		       : NULL;
}

static void append_kernel(GString *text, JsonObject *guest)
{
	g_string_append_printf(text, "%-14sLinux %s %s\n",
			       "Kernel:", member_text(guest, "release", "(unknown)"),
			       member_text(guest, "version", ""));
	append_fact(text, "Build ID:", member_text(guest, "build_id", NULL));
	append_taint(text, guest);
	append_fact(text, "Command line:", member_text(guest, "command_line", NULL));
}

static void append_machine(GString *text, JsonObject *report, JsonObject *guest)
{
	JsonArray *records = member_array(member_object(report, "log"), "records");
	g_autofree char *machine = machine_of(report);
	gint64 cpus = member_number(guest, "cpus_online", -1);
	gint64 uptime = member_number(guest, "uptime_s", -1);

	append_fact(text, "Machine:", find_in_log(records, "DMI: "));
	append_fact(text, "Hypervisor:", machine);
	append_fact(text, "CPU:", find_in_log(records, "smpboot: CPU0: "));
	if (cpus >= 0)
		g_string_append_printf(text, "%-14s%" G_GINT64_FORMAT "\n", "CPUs online:", cpus);
	if (uptime >= 0)
		g_string_append_printf(text, "%-14s%" G_GINT64_FORMAT " s\n", "Uptime:", uptime);
}

/* For a hang: the verdict or, without one, the evidence. */
static void append_verdict(GString *text, JsonObject *report)
{
	const char *verdict = member_text(member_object(report, "verdict"), "text", NULL);
	const char *evidence = member_text(member_object(report, "stall"), "evidence", NULL);

	if (verdict)
		g_string_append_printf(text, "\n%s\n", verdict);
	else if (evidence)
		g_string_append_printf(text, "\nSeen from outside: %s\n", evidence);
}

/* --- the kernel's text --- */

static void append_record(GString *text, JsonObject *record)
{
	gint64 ns = member_number(record, "time_ns", 0);
	g_autofree char *whole = g_strchomp(g_strdup(member_text(record, "text", "")));
	g_auto(GStrv) lines = g_strsplit(whole, "\n", -1);

	for (char **line = lines; *line; line++)
		g_string_append_printf(text, "[%5" G_GINT64_FORMAT ".%06" G_GINT64_FORMAT "] %s\n",
				       ns / 1000000000, ns / 1000 % 1000000, *line);
}

static void append_log(GString *text, JsonObject *report)
{
	JsonArray *records = member_array(member_object(report, "log"), "records");
	guint count = num_records(records);
	guint first;
	guint end;
	bool has_story = story_in_log(report, &first, &end);

	if (count == 0)
		return;
	if (!has_story) {
		first = count > TAIL_RECORDS ? count - TAIL_RECORDS : 0;
		end = count;
	}
	g_string_append(text, has_story ? "\nWhat the kernel printed:\n\n"
					: "\nThe end of the kernel's log:\n\n");
	for (guint i = first; i < MIN(end, first + MAX_LOG_RECORDS); i++)
		append_record(text, element_object(records, i));
}

/* --- the backtrace --- */

struct group {
	char *trace;
	GArray *cpus;	   /* of gint64 */
	JsonObject *first; /* its vCPU */
};

static void group_free(void *data)
{
	struct group *group = data;

	g_free(group->trace);
	g_array_unref(group->cpus);
	g_free(group);
}

static bool is_idle(JsonObject *vcpu)
{
	return g_strcmp0(member_text(vcpu, "context", NULL), "idle") == 0;
}

static char *trace_of(JsonObject *vcpu)
{
	GString *trace = g_string_new(NULL);

	g_string_append_printf(trace, "%s\n", member_text(vcpu, "context", "unknown"));
	trace_append(trace, member_array(vcpu, "frames"));
	return g_string_free(trace, FALSE);
}

/* Folds only idle CPUs with equal stacks, so that readers see each active CPU. */
static struct group *find_group(GPtrArray *groups, JsonObject *vcpu, const char *trace)
{
	for (guint i = 0; is_idle(vcpu) && i < groups->len; i++) {
		struct group *group = groups->pdata[i];

		if (strcmp(group->trace, trace) == 0)
			return group;
	}
	return NULL;
}

static void add_vcpu(GPtrArray *groups, JsonObject *vcpu)
{
	g_autofree char *trace = trace_of(vcpu);
	gint64 cpu = member_number(vcpu, "cpu", -1);
	struct group *group = find_group(groups, vcpu, trace);

	if (!group) {
		group = g_new0(struct group, 1);
		group->trace = g_steal_pointer(&trace);
		group->cpus = g_array_new(FALSE, FALSE, sizeof(gint64));
		group->first = vcpu;
		g_ptr_array_add(groups, group);
	}
	g_array_append_val(group->cpus, cpu);
}

/* "0-1,4" */
static void append_ranges(GString *text, const GArray *numbers)
{
	for (guint i = 0; i < numbers->len; i++) {
		gint64 first = g_array_index(numbers, gint64, i);

		while (i + 1 < numbers->len && g_array_index(numbers, gint64, i + 1) ==
						       g_array_index(numbers, gint64, i) + 1)
			i++;
		g_string_append_printf(text, "%s%" G_GINT64_FORMAT,
				       text->str[text->len - 1] == ' ' ? "" : ",", first);
		if (g_array_index(numbers, gint64, i) != first)
			g_string_append_printf(text, "-%" G_GINT64_FORMAT,
					       g_array_index(numbers, gint64, i));
	}
}

static void append_group(GString *text, const struct group *group)
{
	g_string_append_c(text, '\n');
	if (!is_idle(group->first)) {
		cpu_append(text, group->first);
		return;
	}
	g_string_append(text, group->cpus->len == 1 ? "CPU " : "CPUs ");
	append_ranges(text, group->cpus);
	g_string_append_printf(text, ": %s", group->trace);
}

/* The CPU of the incident comes first, idle ones last. */
static int rank(const struct group *group, gint64 oopsing)
{
	if (is_idle(group->first))
		return 2;
	return oopsing >= 0 && g_array_index(group->cpus, gint64, 0) == oopsing ? 0 : 1;
}

static void append_cpus(GString *text, JsonObject *report)
{
	g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func(group_free);
	JsonArray *vcpus = member_array(report, "vcpus");
	gint64 oopsing = member_number(member_object(report, "oops"), "cpu", -1);

	for (guint i = 0; vcpus && i < json_array_get_length(vcpus); i++) {
		JsonObject *vcpu = element_object(vcpus, i);

		if (vcpu)
			add_vcpu(groups, vcpu);
	}
	if (groups->len == 0)
		return;
	g_string_append(text, "\nAll CPUs, read from outside the guest");
	g_string_append(text, member_text(member_object(report, "timeline"), "frozen", NULL)
				      ? " while it stood still:\n"
				      : ":\n");
	for (int wanted = 0; wanted <= 2; wanted++) {
		for (guint i = 0; i < groups->len; i++) {
			if (rank(groups->pdata[i], oopsing) == wanted)
				append_group(text, groups->pdata[i]);
		}
	}
}

/* --- waiting tasks --- */

static void append_tasks(GString *text, JsonObject *report)
{
	JsonObject *tasks = member_object(report, "tasks");
	JsonArray *shown = member_array(tasks, "shown");
	GString *table = tasks ? tasks_view(report, NULL) : NULL;
	guint count = 0;

	if (!table)
		return;
	g_string_append_printf(text, "\n%s", table->str);
	g_string_free(table, TRUE);
	for (guint i = 0; shown && i < json_array_get_length(shown) && count < MAX_TASKS; i++) {
		JsonObject *task = element_object(shown, i);

		if (g_strcmp0(member_text(task, "state", NULL), "D") != 0)
			continue;
		g_string_append_c(text, '\n');
		task_append(text, task);
		count++;
	}
}

/* --- */

/* A log with the list of modules has more of them. */
static void append_modules(GString *text, JsonObject *report)
{
	JsonArray *records = member_array(member_object(report, "log"), "records");
	JsonArray *modules = member_array(report, "modules");

	if (!modules || json_array_get_length(modules) == 0 ||
	    find_in_log(records, "Modules linked in:"))
		return;
	g_string_append(text, "\nModules linked in:");
	for (guint i = 0; i < json_array_get_length(modules); i++) {
		JsonObject *module = element_object(modules, i);
		const char *taint = member_text(module, "taint", "");

		g_string_append_printf(text, " %s", member_text(module, "name", "unknown"));
		if (*taint)
			g_string_append_printf(text, "(%s)", taint);
	}
	g_string_append_c(text, '\n');
}

GString *mail_text(JsonObject *report)
{
	GString *text = g_string_new(NULL);
	JsonObject *guest = member_object(report, "guest");
	const char *explanation = member_text(member_object(report, "fault"), "explanation", NULL);

	g_string_append_printf(text, "%s\n\n", member_text(report, "title", "(no title)"));
	append_fact(text, "Kind:", member_text(report, "incident", NULL));
	append_kernel(text, guest);
	append_machine(text, report, guest);
	append_verdict(text, report);
	if (explanation)
		g_string_append_printf(text, "\nCause: %s\n", explanation);
	append_log(text, report);
	append_modules(text, report);
	append_cpus(text, report);
	append_tasks(text, report);
	return text;
}
