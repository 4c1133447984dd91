/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's own backtraces in the format of lib/nmi_backtrace.c, with interleaved CPUs. */
#include <string.h>

#include "kernel/nmi-log.h"

struct line {
	uint32_t caller; /* 0x80000000 + CPU in an NMI */
	const char *text;
};

static GArray *make_records(const struct line *lines, size_t count, bool callers)
{
	GArray *records = g_array_new(FALSE, FALSE, sizeof(struct printk_record));

	for (size_t i = 0; i < count; i++) {
		struct printk_record record = {
			.sequence = 100 + i,
			.caller_known = callers,
			.caller = lines[i].caller,
			.text = (char *)lines[i].text,
		};

		g_array_append_val(records, record);
	}
	return records;
}

static const struct nmi_backtrace *of_cpu(const GArray *backtraces, unsigned int cpu)
{
	for (guint i = 0; i < backtraces->len; i++) {
		const struct nmi_backtrace *backtrace =
			&g_array_index(backtraces, struct nmi_backtrace, i);

		if (backtrace->cpu == cpu)
			return backtrace;
	}
	return NULL;
}

static void assert_frames(const GArray *backtraces, unsigned int cpu, const char *wanted)
{
	const struct nmi_backtrace *backtrace = of_cpu(backtraces, cpu);
	g_autofree char *got = NULL;

	g_assert_nonnull(backtrace);
	g_ptr_array_add(backtrace->frames, NULL);
	got = g_strjoinv(" ", (char **)backtrace->frames->pdata);
	g_ptr_array_set_size(backtrace->frames, (gint)backtrace->frames->len - 1);
	g_assert_cmpstr(got, ==, wanted);
}

#define CPU(n) (0x80000000u + (n))

static const struct line lines[] = {
	{160, "Sending NMI from CPU 0 to CPUs 1-3:"},
	{CPU(1), "NMI backtrace for cpu 1"},
	{CPU(2), "NMI backtrace for cpu 2 skipped: idling at native_safe_halt+0xe/0x10"},
	{CPU(3), "NMI backtrace for cpu 3"},
	{CPU(1), "CPU: 1 PID: 12 Comm: oopsbt/1 Tainted: G           OE     6.1.0 #1"},
	{CPU(3), "CPU: 3 PID: 14 Comm: oopsbt/3 Tainted: G           OE     6.1.0 #1"},
	{CPU(1), "RIP: 0010:scenario_spin_loop+0x1b/0x40 [oopsbt_scenario]"},
	{CPU(3), "RIP: 0010:0x0"},
	{CPU(1), "Code: 90 90"},
	{CPU(1), "Call Trace:"},
	{CPU(3), "Call Trace:\n <NMI>\n ? nmi_cpu_backtrace+0x1/0x2\n </NMI>"},
	{CPU(1), " <TASK>"},
	{CPU(1), " ? sched_clock+0x5/0x10"},
	{CPU(1), " scenario_spin_outer+0x9/0x20 [oopsbt_scenario]"},
	{CPU(3), " kthread+0xd0/0x100"},
	{CPU(1), " kthread+0xd0/0x100"},
	{CPU(1), " </TASK>"},
	{160, "BUG: kernel NULL pointer dereference, address: 0000000000000000"},
	{160, "Oops: 0002 [#1] SMP"},
	{160, "RIP: 0010:scenario_null_deref+0x1/0x2 [oopsbt_scenario]"},
	{160, " run_write+0x1/0x2 [oopsbt_scenario]"},
};

static void test_interleaved(void)
{
	g_autoptr(GArray) records = make_records(lines, G_N_ELEMENTS(lines), true);
	g_autoptr(GArray) backtraces = nmi_backtraces_find(records, 0);

	g_assert_cmpuint(backtraces->len, ==, 3);
	assert_frames(backtraces, 1,
		      "scenario_spin_loop+0x1b/0x40 [oopsbt_scenario] "
		      "scenario_spin_outer+0x9/0x20 [oopsbt_scenario] kthread+0xd0/0x100");
	assert_frames(backtraces, 2, "");
	assert_frames(backtraces, 3, "kthread+0xd0/0x100");
	g_assert_false(of_cpu(backtraces, 1)->idle);
	g_assert_true(of_cpu(backtraces, 2)->idle);
}

static void test_newer_only(void)
{
	g_autoptr(GArray) records = make_records(lines, G_N_ELEMENTS(lines), true);
	g_autoptr(GArray) some = nmi_backtraces_find(records, 101);
	g_autoptr(GArray) none = nmi_backtraces_find(records, 103);

	g_assert_null(of_cpu(some, 1));
	g_assert_nonnull(of_cpu(some, 2));
	g_assert_cmpuint(none->len, ==, 0);
}

/* Before 5.10 the lines have no CPU; but there each CPU prints without interruption. */
static void test_without_callers(void)
{
	static const struct line in_turn[] = {
		{0, "NMI backtrace for cpu 1"},
		{0, "RIP: 0010:f+0x1/0x2"},
		{0, " g+0x1/0x2"},
		{0, "NMI backtrace for cpu 0"},
		{0, "RIP: 0010:h+0x1/0x2"},
		{0, "Oops: 0002 [#1] SMP"},
		{0, "RIP: 0010:i+0x1/0x2"},
	};
	g_autoptr(GArray) records = make_records(in_turn, G_N_ELEMENTS(in_turn), false);
	g_autoptr(GArray) backtraces = nmi_backtraces_find(records, 0);

	assert_frames(backtraces, 1, "f+0x1/0x2 g+0x1/0x2");
	assert_frames(backtraces, 0, "h+0x1/0x2");
}

static void test_last_counts(void)
{
	static const struct line twice[] = {
		{CPU(1), "NMI backtrace for cpu 1"},
		{CPU(1), "RIP: 0010:old+0x1/0x2"},
		{CPU(1), "NMI backtrace for cpu 1"},
		{CPU(1), "RIP: 0010:new+0x1/0x2"},
	};
	g_autoptr(GArray) records = make_records(twice, G_N_ELEMENTS(twice), true);
	g_autoptr(GArray) backtraces = nmi_backtraces_find(records, 0);

	g_assert_cmpuint(backtraces->len, ==, 1);
	assert_frames(backtraces, 1, "new+0x1/0x2");
}

static void test_nonsense(void)
{
	static const struct line odd[] = {
		{1, "NMI backtrace for cpu "},		 {1, "NMI backtrace for cpu x"},
		{1, "NMI backtrace for cpu 4294967297"}, {1, "x NMI backtrace for cpu 1"},
		{1, "NMI backtrace for cpu 8191"},
	};
	g_autoptr(GArray) records = make_records(odd, G_N_ELEMENTS(odd), true);
	g_autoptr(GArray) backtraces = nmi_backtraces_find(records, 0);

	g_assert_cmpuint(backtraces->len, ==, 1);
	assert_frames(backtraces, 8191, "");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/nmi-log/interleaved", test_interleaved);
	g_test_add_func("/nmi-log/newer-only", test_newer_only);
	g_test_add_func("/nmi-log/without-callers", test_without_callers);
	g_test_add_func("/nmi-log/last-counts", test_last_counts);
	g_test_add_func("/nmi-log/nonsense", test_nonsense);
	return g_test_run();
}
