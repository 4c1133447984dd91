/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Oopses without a signal of their own: which oops a collection is about, and what the report says
 * about the others.
 */
#include "analyze/left_out.h"

#include <time.h>

#include "analyze/log_lines.h"
#include "fake_tables.h"

struct fixture {
	struct fake_tables tables;
	struct analysis analysis;
	GArray *records;
};

static void clear_record(struct printk_record *record)
{
	g_free(record->text);
}

static void set_up(struct fixture *f, gconstpointer unused)
{
	fake_tables_set_up(&f->tables, unused);
	analysis_init(&f->analysis, snapshot_new(f->tables.guest.memory, 16), NULL, false);
	f->analysis.map = f->tables.map;
	kernel_init(&f->analysis.kernel, f->analysis.map, f->analysis.frozen);
	f->records = g_array_new(FALSE, FALSE, sizeof(struct printk_record));
	g_array_set_clear_func(f->records, (GDestroyNotify)clear_record);
}

static void tear_down(struct fixture *f, gconstpointer unused)
{
	g_array_unref(f->records);
	f->analysis.map = NULL;
	analysis_clear(&f->analysis);
	fake_tables_tear_down(&f->tables, unused);
}

G_GNUC_PRINTF(3, 4)
static void print(struct fixture *f, uint32_t caller, const char *format, ...)
{
	struct printk_record record = {
		.sequence = f->records->len,
		.time_ns = f->records->len * 1000000ull,
		.caller_known = true,
		.caller = caller,
	};
	va_list arguments;

	va_start(arguments, format);
	record.text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_array_append_val(f->records, record);
}

/* Prints an oops in the kernel's format, in a task with this pid. Another CPU prints in between. */
static void print_oops(struct fixture *f, unsigned int number, unsigned int cpu, unsigned int pid,
		       const char *function)
{
	print(f, pid, "BUG: kernel NULL pointer dereference, address: 0000000000000000");
	print(f, 0x80000007, "rcu: nothing of this");
	print(f, pid, "Oops: 0002 [#%u] PREEMPT SMP NOPTI", number);
	print(f, pid, "CPU: %u PID: %u Comm: sh Tainted: G      D            6.1.0", cpu, pid);
	print(f, 0x80000007, "RIP: 0010:somebody_else+0x3/0x20");
	print(f, pid, "RIP: 0010:%s+0x3/0x20 [a_module]", function);
	print(f, pid, "---[ end trace 0000000000000000 ]---");
}

/* Oops number @told had the last signal; since then @oopses signals of oopses were left out. */
static void left_out(struct fixture *f, unsigned int told, unsigned int oopses, int64_t counted)
{
	f->analysis.map->oopses_told = 1 + told;
	f->analysis.settings.die_counter = (struct maybe_int){counted >= 0, counted};
	f->analysis.report->collection.suppressed =
		(struct suppressed_signals){.rate_limit = oopses, .oopses = oopses};
}

/* Adds a CPU that was printing an oops, in a task with this pid, when the guest was frozen. */
static void add_oopsing(struct fixture *f, unsigned int cpu, unsigned int pid)
{
	static const char *const functions[] = {"__die_body", "page_fault_oops",
						"asm_exc_page_fault", "culprit"};
	struct report_vcpu vcpu = {
		.cpu = {true, cpu},
		.task = {.known = true, .pid = {true, pid}},
		.frames = frames_new(),
	};

	for (size_t i = 0; i < G_N_ELEMENTS(functions); i++) {
		struct frame frame = {
			.stack = STACK_TASK,
			.reliable = true,
			.symbol = {.name = g_strdup(functions[i])},
		};

		if (i == G_N_ELEMENTS(functions) - 1)
			frame.registers = g_array_new(FALSE, FALSE, sizeof(struct named_register));
		g_array_append_val(vcpu.frames, frame);
	}
	g_array_append_val(f->analysis.report->vcpus, vcpu);
}

/* Returns the number of the oops that the collection is about. */
static unsigned int meant(struct fixture *f, unsigned int told)
{
	return left_out_before(&f->analysis, f->records, told) + 1;
}

static const struct report_left_out *listed(struct fixture *f, guint i)
{
	g_assert_cmpuint(i, <, f->analysis.report->left_out->len);
	return &g_array_index(f->analysis.report->left_out, struct report_left_out, i);
}

static void test_none(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	print_oops(f, 1, 0, 100, "first");
	print_oops(f, 2, 0, 101, "second");
	left_out(f, 0, 0, 2);
	g_assert_cmpuint(meant(f, 0), ==, 1);
	left_out_list(&f->analysis, f->records, 1);
	g_assert_cmpuint(f->analysis.report->left_out->len, ==, 0);
}

/* The kernel has counted oops 5, or is about to count it. */
static void test_after_those_left_out(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	left_out(f, 2, 2, 4);
	g_assert_cmpuint(meant(f, 2), ==, 5);
	left_out(f, 2, 2, 5);
	g_assert_cmpuint(meant(f, 2), ==, 5);
	/* The kernel's count is unknown. */
	left_out(f, 2, 2, -1);
	g_assert_cmpuint(meant(f, 2), ==, 5);
}

/* QEMU sent one signal for several oopses, or a guest sent signals without an oops. */
static void test_counts_differ(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	left_out(f, 2, 2, 9);
	g_assert_cmpuint(meant(f, 2), ==, 9);
	left_out(f, 2, 1000, 4);
	g_assert_cmpuint(meant(f, 2), ==, 5);
	left_out(f, 2, 1000, 0);
	g_assert_cmpuint(meant(f, 2), ==, 1003);
	left_out(f, 2, UINT_MAX, -1);
	g_assert_cmpuint(left_out_before(&f->analysis, f->records, 2), ==, UINT_MAX);
}

/* Later oopses have signals of their own. */
static void test_others_wait(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	left_out(f, 2, 1, 9);
	f->analysis.report->collection.waiting = 5;
	g_assert_cmpuint(meant(f, 2), ==, 4);
}

/* The guest is printing oops 4 or 5: the task tells which one. */
static void test_stack(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	print_oops(f, 3, 0, 103, "third");
	print_oops(f, 4, 1, 104, "fourth");
	add_oopsing(f, 1, 104);
	left_out(f, 2, 1, 4);
	g_assert_cmpuint(meant(f, 2), ==, 4);
	/*
	 * The guest has finished the oops that the kernel has counted; the stack belongs to the
	 * next one.
	 */
	g_array_set_size(f->analysis.report->vcpus, 0);
	add_oopsing(f, 1, 105);
	g_assert_cmpuint(meant(f, 2), ==, 5);
	print_oops(f, 5, 1, 105, "fifth");
	g_assert_cmpuint(meant(f, 2), ==, 5);
	/* A deferred oops is finished, and the CPUs have no effect on it. */
	f->analysis.report->collection.deferred = true;
	g_assert_cmpuint(meant(f, 2), ==, 4);
}

static void test_list(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	print_oops(f, 2, 0, 102, "second");
	print_oops(f, 3, 1, 103, "third");
	print_oops(f, 4, 2, 104, "fourth");
	print_oops(f, 5, 3, 105, "fifth");
	left_out(f, 2, 2, 5);
	left_out_list(&f->analysis, f->records, 5);
	g_assert_cmpuint(f->analysis.report->left_out->len, ==, 2);
	g_assert_cmpuint(listed(f, 0)->number, ==, 3);
	g_assert_cmpuint(listed(f, 0)->time_ns, ==, 9000000);
	g_assert_cmpint(listed(f, 0)->cpu.value, ==, 1);
	g_assert_cmpint(listed(f, 0)->pid.value, ==, 103);
	g_assert_cmpstr(listed(f, 0)->comm, ==, "sh");
	g_assert_cmpstr(listed(f, 0)->title, ==,
			"BUG: kernel NULL pointer dereference in third [a_module]");
	g_assert_cmpuint(listed(f, 1)->number, ==, 4);
	g_assert_cmpstr(listed(f, 1)->title, ==,
			"BUG: kernel NULL pointer dereference in fourth [a_module]");
	g_assert_cmpuint(f->analysis.report->num_more_left_out, ==, 0);
	g_assert_cmpuint(f->analysis.report->errors->len, ==, 0);
}

/* Nobody watched the guest: the kernel's count tells of oopses that had no signal. */
static void test_missed(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	print_oops(f, 3, 0, 103, "third");
	print_oops(f, 4, 1, 104, "fourth");
	print_oops(f, 5, 1, 105, "fifth");
	left_out(f, 2, 0, 5);
	f->analysis.report->collection.unwatched = true;
	g_assert_cmpuint(meant(f, 2), ==, 5);
	left_out_list(&f->analysis, f->records, 5);
	g_assert_cmpuint(f->analysis.report->missed, ==, 2);
	g_assert_cmpuint(f->analysis.report->left_out->len, ==, 2);
	g_assert_cmpuint(listed(f, 0)->number, ==, 3);
	g_assert_cmpuint(listed(f, 1)->number, ==, 4);
	g_assert_cmpuint(f->analysis.report->errors->len, ==, 0);
	/* Those that an earlier daemon left out are not missed. */
	left_out(f, 2, 1, 5);
	left_out_list(&f->analysis, f->records, 5);
	g_assert_cmpuint(f->analysis.report->missed, ==, 1);
}

/* Nobody watched the guest, and it is printing the first oops since. */
static void test_missed_none(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	print_oops(f, 3, 0, 103, "third");
	add_oopsing(f, 0, 103);
	left_out(f, 2, 0, 2);
	f->analysis.report->collection.unwatched = true;
	g_assert_cmpuint(meant(f, 2), ==, 3);
	left_out(f, 2, 0, 3);
	g_assert_cmpuint(meant(f, 2), ==, 3);
	left_out_list(&f->analysis, f->records, 3);
	g_assert_cmpuint(f->analysis.report->missed, ==, 0);
	g_assert_cmpuint(f->analysis.report->left_out->len, ==, 0);
}

/* A report about something else lists the oopses that had no signal. */
static void test_list_without_an_oops(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	for (unsigned int number = 1; number <= 5; number++)
		print_oops(f, number, 0, 100 + number, "culprit");
	left_out(f, 1, 2, 5);
	left_out_list(&f->analysis, f->records, 0);
	g_assert_cmpuint(f->analysis.report->left_out->len, ==, 2);
	g_assert_cmpuint(listed(f, 0)->number, ==, 2);
	g_assert_cmpuint(listed(f, 1)->number, ==, 3);
}

static void test_thousand(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	clock_t start = clock();

	for (unsigned int number = 1; number <= 1000; number++)
		print_oops(f, number, number % 8, 1000 + number, "culprit");
	left_out(f, 1, 998, 1000);
	g_assert_cmpuint(meant(f, 1), ==, 1000);
	left_out_list(&f->analysis, f->records, 1000);
	g_assert_cmpuint(f->analysis.report->left_out->len, ==, 64);
	g_assert_cmpuint(listed(f, 63)->number, ==, 65);
	g_assert_cmpuint(f->analysis.report->num_more_left_out, ==, 998 - 64);
	g_assert_cmpint(clock() - start, <, 10 * CLOCKS_PER_SEC);
}

/*
 * A repeated number, numbers out of order, a truncated oops, and a number that was never reached.
 */
static void test_lies(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	print(f, 103, "Oops: 0002 [#4000000000] SMP");
	print(f, 104, "Oops: 0002 [#4] PREEMPT SMP NOPTI");
	print_oops(f, 3, 1, 103, "third");
	print_oops(f, 3, 1, 103, "again");
	print(f, 1, "Oops: 0002 [#] SMP");
	print(f, 1, "Oops: 0002 [#0] SMP");
	left_out(f, 2, 2, 5);
	left_out_list(&f->analysis, f->records, 5);
	g_assert_cmpuint(f->analysis.report->left_out->len, ==, 2);
	g_assert_cmpuint(listed(f, 0)->number, ==, 4);
	g_assert_false(listed(f, 0)->cpu.known);
	g_assert_null(listed(f, 0)->comm);
	g_assert_cmpuint(listed(f, 1)->number, ==, 3);
	g_assert_cmpint(listed(f, 1)->pid.value, ==, 103);
	g_assert_cmpstr(listed(f, 1)->title, ==, "Oops in third [a_module]");
}

/* The log has wrapped, or the signals had no oopses: the report tells which ones are missing. */
static void test_missing(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	const struct report_error *error;

	print_oops(f, 4, 1, 104, "fourth");
	left_out(f, 2, 2, 5);
	left_out_list(&f->analysis, f->records, 5);
	g_assert_cmpuint(f->analysis.report->left_out->len, ==, 1);
	g_assert_cmpuint(f->analysis.report->errors->len, ==, 1);
	error = f->analysis.report->errors->pdata[0];
	g_assert_cmpstr(error->field, ==, "suppressed.oopses");
	g_assert_cmpstr(error->message, ==,
			"of 2 oopses that were not collected the guest's log has 1");
}

/* The last signalled oops is unknown: no oops counts as left out. */
static void test_unknown_kernel(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	print_oops(f, 4, 1, 104, "fourth");
	left_out(f, 2, 2, 5);
	f->analysis.map->oopses_told = OOPSES_TOLD_UNKNOWN;
	left_out_list(&f->analysis, f->records, 5);
	g_assert_cmpuint(f->analysis.report->left_out->len, ==, 0);
	g_assert_cmpuint(f->analysis.report->errors->len, ==, 1);
}

#define TEST(name, function)                                                                       \
	g_test_add("/left-out/" name, struct fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	TEST("with no signal left out the collection is about the oldest oops, and none is listed",
	     test_none);
	TEST("the oops of a signal comes after those without a signal", test_after_those_left_out);
	TEST("the kernel's own count corrects the count of signals", test_counts_differ);
	TEST("an oops with a queued signal is left to this signal", test_others_wait);
	TEST("the stack of a CPU that prints an oops selects the oops", test_stack);
	TEST("the oopses between the last signalled one and this one are listed", test_list);
	TEST("oopses that came while nobody watched are listed as missed", test_missed);
	TEST("an oops is not missed if it is the collection's own", test_missed_none);
	TEST("a report about something else lists as many oopses as signals were left out",
	     test_list_without_an_oops);
	TEST("of 1000 oopses 64 are listed, and the others are counted", test_thousand);
	TEST("a lying log gives each oops once, and no invented one", test_lies);
	TEST("oopses that the log has lost are reported as missing", test_missing);
	TEST("no oops of an unknown kernel is listed", test_unknown_kernel);
	return g_test_run();
}
