/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The walk over all tasks: lists may have loops, wrong entries and arbitrary pointers. */
#include <string.h>

#include "fake_tasks.h"
#include "kernel/tasks.h"

static void walk(struct fake_tasks *f)
{
	fake_guest_forget(&f->guest);
	kernel_init(&f->kernel, f->map, f->guest.snapshot);
	tasks_walk(&f->kernel, 0, &f->tasks);
}

static void test_all(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	const struct task_entry *entry;

	walk(f);
	g_assert_null(f->tasks.stopped);
	g_assert_cmpuint(f->tasks.entries->len, ==, FAKE_TASKS_NUM - 1);
	entry = tasks_find(&f->tasks, gva(FAKE_TASKS_ADDRESS(fake_task(5))));
	g_assert_nonnull(entry);
	g_assert_cmpint(entry->task.pid.value, ==, 5);
	g_assert_cmpint(entry->task.tgid.value, ==, 2);
	g_assert_true(task_is_blocked(entry));
	g_assert_true(task_has_stack(&f->kernel, entry));
	g_assert_null(tasks_find(&f->tasks, gva(FAKE_TASKS_ADDRESS(fake_task(0)))));
}

/* Each malformed list ends the walk with an error; the tasks before the error are kept. */
static void test_lies(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	const struct {
		uint64_t where, value;
		guint seen;
	} lies[] = {
		{fake_task(3) + FAKE_TASK_LIST, FAKE_TASKS_ADDRESS(fake_task(1) + FAKE_TASK_LIST),
		 5},
		{fake_task(2) + FAKE_TASK_LIST, FAKE_TASKS_ADDRESS(fake_task(2) + FAKE_TASK_LIST),
		 4},
		{fake_task(1) + FAKE_TASK_LIST, 0, 1},
		{fake_task(1) + FAKE_TASK_LIST, 0x7fff00000000, 1},
		{fake_task(1) + FAKE_TASK_LIST, 0xffffffffffffffff, 1},
		{fake_task(5) + FAKE_TASK_NODE, FAKE_TASKS_ADDRESS(fake_task(4) + FAKE_TASK_NODE),
		 4},
		{fake_task(5) + FAKE_TASK_NODE, FAKE_TASKS_ADDRESS(fake_task(1) + FAKE_TASK_NODE),
		 4},
		/* A link to the leader instead of the list head, and a loop there. */
		{fake_task(5) + FAKE_TASK_NODE, FAKE_TASKS_ADDRESS(fake_task(2) + FAKE_TASK_NODE),
		 4},
		{fake_task(2) + FAKE_TASK_NODE, FAKE_TASKS_ADDRESS(fake_task(2) + FAKE_TASK_NODE),
		 2},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(lies); i++) {
		uint64_t before;

		g_test_message("lie %zu", i);
		memcpy(&before, fake_guest_at(&f->guest, lies[i].where), sizeof(before));
		fake_put_u64(&f->guest, lies[i].where, lies[i].value);
		walk(f);
		g_assert_nonnull(f->tasks.stopped);
		g_assert_cmpuint(f->tasks.entries->len, ==, lies[i].seen);
		tasks_clear(&f->tasks);
		fake_put_u64(&f->guest, lies[i].where, before);
	}
	walk(f);
	g_assert_null(f->tasks.stopped);
}

/* A kernel whose lists of threads are unknown: only the list of processes ends the walk. */
static void test_loop(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->map->fields[FIELD_task_signal] = FIELD_UNKNOWN;
	fake_put_u64(&f->guest, fake_task(3) + FAKE_TASK_LIST,
		     FAKE_TASKS_ADDRESS(fake_task(2) + FAKE_TASK_LIST));
	walk(f);
	g_assert_cmpstr(f->tasks.stopped, ==, "the list of tasks has a loop");
	g_assert_cmpuint(f->tasks.entries->len, ==, 3);
}

/* A list without an end: each node is another task. */
static void test_endless(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	/* Overlapping structures at a distance of 16 bytes; each list leads to the next one. */
	for (uint64_t at = fake_task(1) + FAKE_TASK_LIST; at < (2 << 20) - 0x1000; at += 16)
		fake_put_u64(&f->guest, at, FAKE_TASKS_ADDRESS(at + 16));
	f->map->fields[FIELD_task_signal] = FIELD_UNKNOWN;
	walk(f);
	g_assert_nonnull(f->tasks.stopped);
	g_assert_cmpuint(f->tasks.entries->len, ==, TASKS_MAX);
}

static void test_deadline(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	fake_guest_forget(&f->guest);
	kernel_init(&f->kernel, f->map, f->guest.snapshot);
	tasks_walk(&f->kernel, g_get_monotonic_time(), &f->tasks);
	g_assert_cmpstr(f->tasks.stopped, ==, "the time limit was reached");
	g_assert_cmpuint(f->tasks.entries->len, ==, 0);
}

/* A saved stack pointer that does not point into the task's stack. */
static void test_stack_pointers(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	const uint64_t stack = FAKE_TASKS_ADDRESS(fake_task_stack(3, DEFAULT_STACK_SIZE));
	const struct {
		uint64_t stack, sp;
		bool valid;
	} cases[] = {
		{stack, stack, true},
		{stack, stack + DEFAULT_STACK_SIZE - 8, true},
		{stack, stack + DEFAULT_STACK_SIZE, false},
		{stack, stack - 8, false},
		{stack, stack + 0x804, false},
		{stack, 0, false},
		{stack, UINT64_MAX - 7, false},
		{0, 0x800, false},
		{0x7f0000000000, 0x7f0000000800, false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_test_message("case %zu", i);
		fake_put_u64(&f->guest, fake_task(3) + FAKE_TASK_STACK, cases[i].stack);
		fake_put_u64(&f->guest, fake_task(3) + FAKE_TASK_SP, cases[i].sp);
		tasks_clear(&f->tasks);
		walk(f);
		g_assert_true(cases[i].valid ==
			      task_has_stack(&f->kernel,
					     tasks_find(&f->tasks,
							gva(FAKE_TASKS_ADDRESS(fake_task(3))))));
	}
}

static bool has_stood_still(struct fake_tasks *f, const struct task_entry *entry)
{
	struct kernel now;

	fake_guest_forget(&f->guest);
	kernel_init(&now, f->map, f->guest.snapshot);
	return task_has_stood_still(&now, entry);
}

/* It was read as it slept. What has changed when it is read again? */
static void test_runs_meanwhile(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	static const struct {
		uint64_t where;
		uint32_t add;
	} changes[] = {
		{FAKE_TASK_ON_CPU, 1}, /* it runs: its counts change when it sleeps again */
		{FAKE_TASK_SP, 8},     {FAKE_TASK_VOLUNTARY, 1},
		{FAKE_TASK_FORCED, 1}, {FAKE_TASK_PID, 1}, /* another task in the same memory */
	};
	struct task_entry entry;

	walk(f);
	entry = *tasks_find(&f->tasks, gva(FAKE_TASKS_ADDRESS(fake_task(3))));
	g_assert_true(has_stood_still(f, &entry));
	for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
		uint64_t where = fake_task(3) + changes[i].where;
		uint32_t before;

		g_test_message("change %zu", i);
		memcpy(&before, fake_guest_at(&f->guest, where), sizeof(before));
		fake_put_u32(&f->guest, where, before + changes[i].add);
		g_assert_false(has_stood_still(f, &entry));
		fake_put_u32(&f->guest, where, before);
	}
	g_assert_true(has_stood_still(f, &entry));
}

/* Counts whose sum overflows are unknown. */
static void test_switches(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	fake_put_u64(&f->guest, fake_task(3) + FAKE_TASK_VOLUNTARY, INT64_MAX);
	fake_put_u64(&f->guest, fake_task(3) + FAKE_TASK_FORCED, 1);
	walk(f);
	g_assert_false(
		tasks_find(&f->tasks, gva(FAKE_TASKS_ADDRESS(fake_task(3))))->num_switches.known);
}

static void test_states(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	static const struct {
		uint32_t state;
		const char *name;
	} states[] = {
		{0, "running"},	    {0x1, "interruptible"}, {0x402, "uninterruptible"},
		{0x104, "stopped"}, {0x8, "traced"},	    {0x80, "dead"},
		{0x200, "waking"},  {0x40, "other"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
		fake_put_u32(&f->guest, fake_task(3) + FAKE_TASK_STATE, states[i].state);
		walk(f);
		g_assert_cmpstr(
			tasks_find(&f->tasks, gva(FAKE_TASKS_ADDRESS(fake_task(3))))->task.state,
			==, states[i].name);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/kernel/tasks/all", struct fake_tasks, NULL, fake_tasks_set_up, test_all,
		   fake_tasks_tear_down);
	g_test_add("/kernel/tasks/lies", struct fake_tasks, NULL, fake_tasks_set_up, test_lies,
		   fake_tasks_tear_down);
	g_test_add("/kernel/tasks/a loop of processes ends the walk", struct fake_tasks, NULL,
		   fake_tasks_set_up, test_loop, fake_tasks_tear_down);
	g_test_add("/kernel/tasks/endless", struct fake_tasks, NULL, fake_tasks_set_up,
		   test_endless, fake_tasks_tear_down);
	g_test_add("/kernel/tasks/the walk ends at its deadline", struct fake_tasks, NULL,
		   fake_tasks_set_up, test_deadline, fake_tasks_tear_down);
	g_test_add("/kernel/tasks/a task that has run since the freeze is not blocked",
		   struct fake_tasks, NULL, fake_tasks_set_up, test_runs_meanwhile,
		   fake_tasks_tear_down);
	g_test_add("/kernel/tasks/a stack pointer outside the task's stack is not used",
		   struct fake_tasks, NULL, fake_tasks_set_up, test_stack_pointers,
		   fake_tasks_tear_down);
	g_test_add("/kernel/tasks/counts of switches that overflow are unknown", struct fake_tasks,
		   NULL, fake_tasks_set_up, test_switches, fake_tasks_tear_down);
	g_test_add("/kernel/tasks/a task's state has a name", struct fake_tasks, NULL,
		   fake_tasks_set_up, test_states, fake_tasks_tear_down);
	return g_test_run();
}
