/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The code to blame for a hang, and equal fingerprints of one bug, from reports that the test fills
 * in.
 */
#include "analyze/culprit.h"

#include "analyze/task_chains.h"
#include "kernel/frame.h"

/* @stack: the functions, innermost first. @holder: the number of a task; -1: none. */
static void add_task(struct report *report, char letter, int64_t for_s, const char *stack,
		     int holder)
{
	g_auto(GStrv) functions = g_strsplit(stack, " ", -1);
	struct report_sleeper sleeper = {
		.task = {.known = true,
			 .pid = {true, 100 + (int64_t)report->tasks.shown->len},
			 .comm = g_strdup("task")},
		.letter = letter,
		.for_ns = {true, for_s * INT64_C(1000000000)},
		.waits_for = "mutex",
		.claim = holder < 0 ? NULL : "owner",
		.holder = {holder >= 0, holder},
		.frames = frames_new(),
	};

	for (char **function = functions; *function; function++) {
		struct frame frame = {
			.stack = STACK_TASK, .reliable = true, .symbol.name = g_strdup(*function)};

		g_array_append_val(sleeper.frames, frame);
	}
	g_array_append_val(report->tasks.shown, sleeper);
}

static struct report *make(const char *incident)
{
	struct report *report = report_new();

	report->tasks.known = true;
	report->collection.incident = g_strdup(incident);
	report->title = g_strdup("a title");
	return report;
}

/* Returns the fingerprint. Frees @report. */
static char *conclude(struct report *report, const char *function, const char *caller)
{
	char *fingerprint;

	task_chains_fill(report);
	culprit_conclude(report);
	g_assert_cmpstr(report->culprit.functions[0], ==, function);
	g_assert_cmpstr(report->culprit.functions[1], ==, caller);
	fingerprint = g_strdup(report->fingerprint);
	report_free(report);
	return fingerprint;
}

/* The task and other short waits have no effect on the fingerprint. */
static void test_one_task(void)
{
	static const char fsync[] = "__schedule schedule io_schedule folio_wait_bit_common "
				    "__filemap_fdatawait_range blkdev_fsync do_fsync";
	struct report *report = make("hung-task");
	g_autofree char *once = NULL, *again = NULL, *other = NULL;

	add_task(report, 'D', 130, fsync, -1);
	once = conclude(report, "blkdev_fsync", "do_fsync");
	report = make("hung-task");
	add_task(report, 'D', 500, fsync, -1);
	add_task(report, 'D', 1, "__schedule schedule __mutex_lock f", 2);
	add_task(report, 'R', 0, "g", -1);
	again = conclude(report, "blkdev_fsync", "do_fsync");
	g_assert_cmpstr(once, ==, again);
	report = make("hung-task");
	add_task(report, 'D', 130, "__schedule schedule __mutex_lock f do_fsync", -1);
	other = conclude(report, "f", "do_fsync");
	g_assert_cmpstr(once, !=, other);
}

/* The waiting tasks are random; the holder of the lock is the bug. */
static void test_chain(void)
{
	static const char reader[] = "__schedule schedule __mutex_lock a_reader vfs_read";
	static const char writer[] = "__schedule schedule __mutex_lock a_writer vfs_write";
	static const char holder[] = "__schedule schedule wait_for_completion the_holder my_work";
	struct report *report = make("hung-task");
	g_autofree char *once = NULL, *again = NULL;

	add_task(report, 'D', 130, reader, 1);
	add_task(report, 'D', 130, holder, -1);
	once = conclude(report, "the_holder", "my_work");
	report = make("hung-task");
	add_task(report, 'D', 130, writer, 2);
	add_task(report, 'D', 129, reader, 2);
	add_task(report, 'S', 128, holder, -1);
	again = conclude(report, "the_holder", "my_work");
	g_assert_cmpstr(once, ==, again);
}

/* The task of a deadlock that waits first is random. */
static void test_deadlock(void)
{
	static const char ab[] = "__schedule schedule __mutex_lock takes_ab my_ioctl";
	static const char ba[] = "__schedule schedule __mutex_lock takes_ba my_close";
	g_autofree char *once = NULL, *again = NULL;
	struct report *report = make("hung-task");

	add_task(report, 'D', 130, ab, 1);
	add_task(report, 'D', 129, ba, 0);
	once = conclude(report, "takes_ab", "takes_ba");
	report = make("hung-task");
	add_task(report, 'D', 130, ba, 1);
	add_task(report, 'D', 129, ab, 0);
	again = conclude(report, "takes_ab", "takes_ba");
	g_assert_cmpstr(once, ==, again);
}

/* For a collection on request, one waiting task is not a bug. */
static void test_collect(void)
{
	struct report *report = make("collect");

	add_task(report, 'D', 130, "__schedule schedule io_schedule f", -1);
	g_free(conclude(report, NULL, NULL));
	report = make("collect");
	add_task(report, 'D', 130, "__schedule schedule __mutex_lock f", 1);
	add_task(report, 'D', 130, "__schedule schedule __mutex_lock g", 0);
	g_free(conclude(report, "f", "g"));
}

/* Appends @reader to the readers that hold up the grace period. */
static void add_reader(struct report *report, guint reader)
{
	g_array_append_val(report->tasks.readers, reader);
}

static void add_cpu(struct report *report, int64_t pid, int64_t ran_s, int64_t depth,
		    const char *function)
{
	struct frame frame = {
		.stack = STACK_TASK, .reliable = true, .symbol.name = g_strdup(function)};
	struct report_vcpu vcpu = {
		.cpu = {true, report->vcpus->len},
		.context = REPORT_CONTEXT_KERNEL,
		.task = {.known = true, .pid = {true, pid}},
		.task_ran_ns = {true, ran_s * INT64_C(1000000000)},
		.rcu_depth = {true, depth},
		.frames = frames_new(),
	};

	g_array_append_val(vcpu.frames, frame);
	g_array_append_val(report->vcpus, vcpu);
}

/* A reader that does not run is to blame, not the CPU that was in the kernel for long. */
static void test_preempted_reader(void)
{
	static const char preempted[] = "__schedule preempt_schedule_irq irqentry_exit "
					"asm_sysvec_apic_timer_interrupt the_loop my_thread";
	struct report *report = make("rcu-stall");
	struct blame blame = {0};

	add_cpu(report, 7, 30, 0, "another_loop");
	add_task(report, 'R', 0, preempted, -1);
	add_task(report, 'S', 3, "__schedule schedule schedule_timeout sleeps_in_reader f", -1);
	add_reader(report, 0);
	add_reader(report, 1);
	g_assert_null(culprit_cpu(report));
	culprit_of_stall(report, &blame);
	g_assert_cmpstr(blame.functions[0], ==, "the_loop");
	blame_clear(&blame);
	g_free(conclude(report, "my_thread", NULL));
}

static void test_sleeping_reader(void)
{
	struct report *report = make("rcu-stall");

	add_task(report, 'D', 300, "__schedule schedule io_schedule another", -1);
	add_task(report, 'S', 3, "__schedule schedule schedule_timeout sleeps_in_reader f", -1);
	add_reader(report, 1);
	g_free(conclude(report, "sleeps_in_reader", "f"));
}

/* A reader that was preempted may run again. */
static void test_running_reader(void)
{
	struct report *report = make("rcu-stall");

	add_cpu(report, 7, 30, 0, "another_loop");
	add_cpu(report, 100, 0, 1, "the_loop");
	add_task(report, 'R', 0, "nothing", -1);
	g_array_index(report->tasks.shown, struct report_sleeper, 0).cpu =
		(struct maybe_int){true, 1};
	add_reader(report, 0);
	g_free(conclude(report, "the_loop", NULL));
}

/* Without a list of readers: a CPU in a read-side critical section comes first. */
static void test_reading_cpu(void)
{
	struct report *report = make("rcu-stall");

	add_cpu(report, 7, 30, 0, "another_loop");
	add_cpu(report, 8, 3, 1, "the_loop");
	add_cpu(report, 9, 2, 1, "a_short_loop");
	g_free(conclude(report, "the_loop", NULL));
}

/* The grace period does not wait for the CPU that has been in the kernel for longest. */
static void test_waiting_for_cpu(void)
{
	struct report *report = make("rcu-stall");

	add_cpu(report, 7, 30, 0, "another_loop");
	add_cpu(report, 8, 3, 0, "the_loop");
	for (guint i = 0; i < 2; i++)
		g_array_index(report->vcpus, struct report_vcpu, i).rcu_waits =
			(struct maybe_int){true, i};
	g_free(conclude(report, "the_loop", NULL));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/culprit/the fingerprint of a hung task is from its own functions",
			test_one_task);
	g_test_add_func("/culprit/the fingerprint of a chain of tasks is from its end", test_chain);
	g_test_add_func(
		"/culprit/the fingerprint of a deadlock does not depend on the first waiter",
		test_deadlock);
	g_test_add_func("/culprit/a collection on request has a fingerprint only for a deadlock",
			test_collect);
	g_test_add_func("/culprit/an RCU stall is blamed on the preempted reader",
			test_preempted_reader);
	g_test_add_func("/culprit/an RCU stall is blamed on the sleeping reader",
			test_sleeping_reader);
	g_test_add_func("/culprit/an RCU stall is blamed on the reader that runs again",
			test_running_reader);
	g_test_add_func(
		"/culprit/an RCU stall is blamed on the CPU in a read-side critical section",
		test_reading_cpu);
	g_test_add_func("/culprit/an RCU stall is blamed on a CPU that the grace period waits for",
			test_waiting_for_cpu);
	return g_test_run();
}
