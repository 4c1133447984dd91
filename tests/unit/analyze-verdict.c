/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The culprit of a stalled guest, from a report that the test fills in. */
#include "analyze/verdict.h"

#include <string.h>

#include "kernel/frame.h"

static struct report *make(const char *incident, const char *phase)
{
	struct report *report = report_new();

	report->collection.incident = g_strdup(incident);
	report->collection.phase = g_strdup(phase);
	report->collection.evidence = g_strdup("EVIDENCE");
	report->collection.stalled_cpu = (struct maybe_int){true, 1};
	return report;
}

static GArray *frames_of(const char *function)
{
	struct frame frame = {
		.stack = STACK_TASK, .reliable = true, .symbol.name = g_strdup(function)};
	GArray *frames = frames_new();

	g_array_append_val(frames, frame);
	return frames;
}

static void add_vcpu(struct report *report, int cpu, bool halted, bool interrupts_on)
{
	struct report_vcpu vcpu = {
		.cpu = {true, cpu},
		.context = REPORT_CONTEXT_KERNEL,
		.task = {.known = true, .pid = {true, 77}, .comm = g_strdup("spinner")},
		.have_registers = true,
		.registers.halted = halted,
		.interrupts_on = {true, interrupts_on},
		.frames = frames_of("spin_here"),
	};

	g_array_append_val(report->vcpus, vcpu);
}

static void add_sleeper(struct report *report, const char *comm, char letter, const char *function)
{
	struct report_sleeper sleeper = {
		.task = {.known = true, .pid = {true, 9}, .comm = g_strdup(comm)},
		.letter = letter,
		.for_ns = {true, INT64_C(130000000000)},
		.waits_for = "mutex",
		.waits_in = g_strdup(function),
		.frames = frames_of(function),
	};

	g_array_append_val(report->tasks.shown, sleeper);
}

static void add_chain(struct report *report, bool deadlock, guint last)
{
	struct report_chain chain = {.deadlock = deadlock,
				     .certain = true,
				     .tasks = g_array_new(FALSE, FALSE, sizeof(guint)),
				     .text = g_strdup("A waits for B")};

	for (guint i = 0; i <= last; i++)
		g_array_append_val(chain.tasks, i);
	g_array_append_val(report->tasks.chains, chain);
}

/* Frees @report. */
static void check(struct report *report, const char *blame, const char *words)
{
	verdict_fill(report);
	g_assert_nonnull(report->verdict.text);
	g_test_message("%s", report->verdict.text);
	g_assert_cmpstr(report->verdict.blame, ==, blame);
	g_assert_true(g_str_has_prefix(report->verdict.text, "Seen by the host: EVIDENCE. "));
	g_assert_nonnull(strstr(report->verdict.text, words));
	report_free(report);
}

/*
 * The CPU that blocks a grace period is unknown: the verdict names a CPU that has been in the
 * kernel for long.
 */
static void test_reader(void)
{
	static const struct {
		enum report_context context;
		double ran_s[2];
		const char *words;
		bool idle; /* CPU 0 runs the idle task, and is in an interrupt just now */
	} cases[] = {
		{REPORT_CONTEXT_KERNEL,
		 {3, 4},
		 "EVIDENCE. CPU 1 runs spinner (pid 77) in spin_here",
		 false},
		{REPORT_CONTEXT_KERNEL,
		 {4, 3},
		 "EVIDENCE. CPU 0 runs spinner (pid 77) in spin_here",
		 false},
		{REPORT_CONTEXT_KERNEL,
		 {400, 3},
		 "EVIDENCE. CPU 1 runs spinner (pid 77) in spin_here",
		 true},
		{REPORT_CONTEXT_KERNEL, {400, 0.1}, "EVIDENCE. The guest is to blame", true},
		{REPORT_CONTEXT_KERNEL, {0.9, 0.1}, "EVIDENCE. The guest is to blame", false},
		{REPORT_CONTEXT_USER, {9, 9}, "EVIDENCE. The guest is to blame", false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct report *report = make("rcu-stall", "began");

		report->collection.stalled_cpu.known = false;
		for (int cpu = 0; cpu < 2; cpu++) {
			struct report_vcpu *vcpu;

			add_vcpu(report, cpu, false, true);
			vcpu = &g_array_index(report->vcpus, struct report_vcpu, (guint)cpu);
			vcpu->context = cases[i].context;
			if (cpu == 0 && cases[i].idle)
				vcpu->task.pid.value = 0;
			vcpu->task_ran_ns =
				(struct maybe_int){true, (int64_t)(cases[i].ran_s[cpu] * 1e9)};
		}
		check(report, "guest", cases[i].words);
	}
}

static void test_lockups(void)
{
	struct report *report = make("hard-lockup", "began");

	add_vcpu(report, 0, false, true);
	add_vcpu(report, 1, false, false);
	check(report, "guest",
	      "CPU 1 runs spinner (pid 77) in spin_here, with interrupts off. The guest");
	report = make("hard-lockup", "lasts");
	add_vcpu(report, 1, false, true);
	check(report, "unknown", "its timer interrupt does not come");
	report = make("soft-lockup", "began");
	add_vcpu(report, 1, false, true);
	check(report, "guest", "spin_here, with interrupts on. The guest");
	check(make("rcu-stall", "began"), "guest", "a reader or a CPU");
	test_reader();
	check(make("starved", "began"), "host", "The host is to blame");
}

static void test_dead(void)
{
	struct report *report = make("dead", "began");

	add_vcpu(report, 0, true, false);
	add_vcpu(report, 1, true, false);
	check(report, "guest", "Of 2 vCPUs 2 are halted, 2 of them with interrupts off.");
	report = make("dead", "began");
	add_vcpu(report, 0, true, true);
	check(report, "host", "timer interrupts");
	report = make("dead", "began");
	add_vcpu(report, 0, true, true);
	add_vcpu(report, 1, true, false);
	check(report, "unknown", "1 of them with interrupts off");
	check(make("dead", "began"), "unknown", "EVIDENCE. Who is to blame is not known");
}

static void test_tasks(void)
{
	struct report *report = make("hung-task", NULL);

	add_sleeper(report, "one", 'D', "takes_it");
	add_chain(report, true, 0);
	check(report, "guest", "A waits for B. The guest is to blame: none of them can ever go on");
	report = make("hung-task", NULL);
	add_sleeper(report, "one", 'D', "takes_it");
	add_chain(report, true, 0);
	g_array_index(report->tasks.chains, struct report_chain, 0).certain = false;
	check(report, "guest", "none of them can go on, unless");
	report = make("hung-task", NULL);
	add_sleeper(report, "one", 'D', "takes_it");
	add_sleeper(report, "disk", 'D', "io_schedule");
	add_chain(report, false, 1);
	check(report, "unknown",
	      "A waits for B. Who is to blame is not known: it waits for a disk");
	report = make("hung-task", NULL);
	add_sleeper(report, "runs", 'R', "x");
	add_sleeper(report, "one", 'D', "takes_it");
	check(report, "guest", "one (pid 9) waits for a mutex in takes_it, for 130 s by now.");
	check(make("hung-task", NULL), "unknown", "no task is blocked");
}

/*
 * A task that waits for a disk waits for the host, if the host has had a request for about as long.
 */
static void test_disks(void)
{
	const struct {
		int64_t oldest_s;
		const char *blame, *words;
	} cases[] = {
		{129, "host",
		 "The host is to blame: vda has 3 unanswered requests, the oldest for 129 s."},
		{66, "host", "the oldest for 66 s."},
		{64, "unknown", "a disk, which the host serves."},
		{-1, "unknown", "a disk, which the host serves."},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct report *report = make("hung-task", NULL);
		struct report_disk disk = {.name = g_strdup("vda"),
					   .in_flight = 3,
					   .oldest_ns = {cases[i].oldest_s >= 0,
							 cases[i].oldest_s * INT64_C(1000000000)}};

		add_sleeper(report, "reader", 'D', "io_schedule");
		g_array_append_val(report->tasks.disks, disk);
		report->tasks.disks_known = true;
		check(report, cases[i].blame, cases[i].words);
	}
	for (int known = 0; known < 2; known++) {
		struct report *report = make("hung-task", NULL);

		add_sleeper(report, "reader", 'D', "io_schedule");
		report->tasks.disks_known = known;
		check(report, "unknown",
		      known ? "but no disk has an unanswered request"
			    : "a disk, which the host serves.");
	}
}

static void test_events(void)
{
	struct report *report = make("watchdog", NULL);

	check(make("watchdog", NULL), "unknown", "the program that serves the device");
	add_sleeper(report, "one", 'D', "takes_it");
	add_chain(report, true, 0);
	check(report, "guest", "A waits for B");
	check(make("kvm-error", NULL), "unknown", "QEMU's log");
}

static void test_none(void)
{
	static const char *const incidents[] = {"oops", "panic", "warning", "collect", "what?"};
	struct report *report;

	for (size_t i = 0; i < G_N_ELEMENTS(incidents); i++) {
		report = make(incidents[i], NULL);
		verdict_fill(report);
		g_assert_null(report->verdict.text);
		report_free(report);
	}
	report = make("hard-lockup", "ended");
	verdict_fill(report);
	g_assert_null(report->verdict.text);
	report_free(report);
}

/* The handler of an interrupt has interrupts off; the task that it interrupted has not. */
static void test_in_an_interrupt(void)
{
	struct report *report = make("soft-lockup", "began");

	report->collection.stalled_cpu = (struct maybe_int){true, 1};
	add_vcpu(report, 1, false, false);
	g_array_index(report->vcpus, struct report_vcpu, 0).hardirq_depth =
		(struct maybe_int){true, 1};
	check(report, "guest", "in spin_here, and is in an interrupt. The guest");
}

/* The host sees that a grace period does not end; RCU's lists tell which task it waits for. */
static void test_readers(void)
{
	const guint first = 0;
	struct report *report = make("rcu-stall", "began");

	add_sleeper(report, "reader", 'S', "sleeps_here");
	g_array_append_val(report->tasks.readers, first);
	check(report, "guest",
	      "EVIDENCE. reader (pid 9) sleeps in sleeps_here, in an RCU read-side critical "
	      "section, for 130 s by now. The guest is to blame: this reader holds");
	report = make("rcu-stall", "began");
	add_sleeper(report, "reader", 'R', "spins_here");
	g_array_append_val(report->tasks.readers, first);
	check(report, "guest", "EVIDENCE. reader (pid 9) waits for a CPU in spins_here, in an RCU");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/verdict/the guest is to blame for a lockup, the host for a starved vCPU",
			test_lockups);
	g_test_add_func("/verdict/a dead guest waits for nothing, or for the host", test_dead);
	g_test_add_func("/verdict/the verdict on a hung task is about the end of its chain",
			test_tasks);
	g_test_add_func(
		"/verdict/a task that waits for a disk with old requests waits for the host",
		test_disks);
	g_test_add_func("/verdict/an incident from an event blames nobody without a deadlock",
			test_events);
	g_test_add_func("/verdict/other kinds of incidents, and ended hangs, have no verdict",
			test_none);
	g_test_add_func("/verdict/a CPU that is in an interrupt", test_in_an_interrupt);
	g_test_add_func("/verdict/the reader that holds up a grace period", test_readers);
	return g_test_run();
}
