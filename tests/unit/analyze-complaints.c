/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Selects the complaint in the log that a report is about. */
#include "analyze/complaints.h"

struct line {
	uint32_t caller;
	const char *text;
};

#define WARNING_AT(function)                                                                       \
	"WARNING: CPU: 0 PID: 1 at my.c:1 " function "+0x1/0x2\nCall Trace:\n"                     \
	" " function "_caller+0x1/0x2\n"

static GArray *records_of(const struct line *lines, guint count)
{
	GArray *records = g_array_new(FALSE, TRUE, sizeof(struct printk_record));

	for (guint i = 0; i < count; i++) {
		struct printk_record record = {
			.sequence = 100 + i,
			.caller_known = true,
			.caller = lines[i].caller,
			.text = (char *)lines[i].text,
		};

		g_array_append_val(records, record);
	}
	return records;
}

static struct report *tell(const struct line *lines, guint count, const char *signal, bool panicked)
{
	g_autoptr(GArray) records = records_of(lines, count);
	struct report *report = report_new();

	report->title = g_strdup("as before");
	report->collection.signal = g_strdup(signal);
	complaints_tell(report, records, panicked);
	return report;
}

/* The result is the last warning of the panicking task, and no later one. */
static void test_panic_on_warn(void)
{
	static const struct line lines[] = {
		{1, WARNING_AT("older")},
		{1, "WARNING: CPU: 0 PID: 1 at my.c:1 memcpy+0x1/0x2"},
		{2, "Call Trace:\n somebody_else+0x1/0x2"},
		{1, "Call Trace:\n guilty+0x1/0x2\n its_caller+0x1/0x2"},
		{1, "Kernel panic - not syncing: kernel: panic_on_warn set ..."},
		{2, WARNING_AT("later")},
	};
	g_autoptr(Report) report = tell(lines, G_N_ELEMENTS(lines), "panicked", true);

	g_assert_cmpstr(report->title, ==, "WARNING in guilty, then panic");
	g_assert_true(report->complaint.known);
	g_assert_true(report->complaint.panicked);
	g_assert_cmpint(report->complaint.log_start.value, ==, 101);
	g_assert_cmpint(report->complaint.incident, ==, INCIDENT_WARNING);
	g_assert_cmpstr(report->culprit.functions[1], ==, "its_caller");
}

static void test_panic_that_is_a_complaint(void)
{
	static const struct line lines[] = {
		{1, WARNING_AT("older")},
		{1, "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: "
		    "guilty+0x12/0x34"},
	};
	g_autoptr(Report) report = tell(lines, G_N_ELEMENTS(lines), "panicked", true);

	g_assert_cmpstr(report->title, ==, "stack is corrupted in guilty, then panic");
}

static void test_panic_of_its_own(void)
{
	static const struct line lines[] = {
		{1, WARNING_AT("older")},
		{1, "Kernel panic - not syncing: VFS: Unable to mount root fs"},
	};
	g_autoptr(Report) report = tell(lines, G_N_ELEMENTS(lines), "panicked", true);

	g_assert_cmpstr(report->title, ==, "as before");
	g_assert_false(report->complaint.known);
}

/* A collection on request needs no reason; for a file it is the best known information. */
static void test_no_panic(void)
{
	static const struct line lines[] = {{1, WARNING_AT("older")}, {1, WARNING_AT("newer")}};
	g_autoptr(Report) file = tell(lines, G_N_ELEMENTS(lines), "file", false);
	g_autoptr(Report) collect = tell(lines, G_N_ELEMENTS(lines), "collect", false);

	g_assert_cmpstr(file->title, ==, "WARNING in newer");
	g_assert_false(file->complaint.panicked);
	g_assert_cmpstr(collect->title, ==, "as before");
}

/* The guest has signalled a hang: its log says of which kind. */
static void test_lockup(void)
{
	static const struct line hung[] = {
		{1, WARNING_AT("older")},
		{2, "INFO: task cat:77 blocked for more than 120 seconds."},
	};
	static const struct line warned[] = {{1, WARNING_AT("older")}};
	g_autoptr(Report) task = tell(hung, G_N_ELEMENTS(hung), "lockup", false);
	g_autoptr(Report) other = tell(warned, G_N_ELEMENTS(warned), "lockup", false);
	g_autoptr(Report) seen = tell(hung, G_N_ELEMENTS(hung), "stall", false);

	complaints_name_hang(task);
	g_assert_true(task->complaint.known);
	g_assert_cmpstr(task->collection.incident, ==, "hung-task");
	/* A warning is no hang; and what the host has seen is not the log's to name. */
	complaints_name_hang(other);
	g_assert_false(other->complaint.known);
	g_assert_null(other->collection.incident);
	complaints_name_hang(seen);
	g_assert_null(seen->collection.incident);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/complaints/panic-on-warn", test_panic_on_warn);
	g_test_add_func("/complaints/panic-that-is-one", test_panic_that_is_a_complaint);
	g_test_add_func("/complaints/panic-of-its-own", test_panic_of_its_own);
	g_test_add_func("/complaints/no-panic", test_no_panic);
	g_test_add_func("/complaints/lockup", test_lockup);
	return g_test_run();
}
