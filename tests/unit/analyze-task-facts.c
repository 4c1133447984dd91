/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tasks in a report: how many are shown, and what guests can make up about them. */
#include "analyze/task_facts.h"

#include <string.h>

#include "fake_tasks.h"

/* More members of a task: a mutex, whose owner is its first word, and when the task last ran. */
#define MUTEX 0xb0u
#define RAN 0xc0u

/* A crowd of tasks behind the usual ones, and the run queue of the only CPU. */
#define CROWD FAKE_TASKS_END
#define CROWD_TASK_SIZE 0x100u
#define RUN_QUEUE FAKE_TASKS_OTHER_LOCK
#define NOW_NS 5000

struct fixture {
	struct fake_tasks fake;
	struct analysis analysis;
	struct cpu cpu;
};

static void set_up(struct fixture *f, gconstpointer unused)
{
	struct kernel_map *map;

	fake_tasks_set_up(&f->fake, unused);
	map = f->fake.map;
	map->symbols[SYMBOL_runqueues] = FAKE_TASKS_ADDRESS(RUN_QUEUE);
	map->fields[FIELD_rq_clock] = 0;
	map->fields[FIELD_task_last_arrival] = RAN;
	map->fields[FIELD_task_blocker] = FAKE_TASK_BLOCKER;
	map->fields[FIELD_mutex_owner] = 0;
	fake_put_u64(&f->fake.guest, RUN_QUEUE, NOW_NS);
	f->cpu.known = true;
	f->analysis = (struct analysis){
		.report = report_new(),
		.map = map,
		.vcpus = g_array_new(FALSE, TRUE, sizeof(struct vcpu_registers)),
		.cpus = &f->cpu,
	};
	g_array_set_size(f->analysis.vcpus, 1);
	f->analysis.report->collection.tasks = g_strdup("blocked");
}

static void tear_down(struct fixture *f, gconstpointer unused)
{
	report_free(f->analysis.report);
	kernel_clear(&f->analysis.kernel);
	g_array_unref(f->analysis.vcpus);
	g_clear_pointer(&f->analysis.shown_tasks, g_array_unref);
	fake_tasks_tear_down(&f->fake, unused);
}

static const struct report_tasks *fill(struct fixture *f)
{
	fake_guest_forget(&f->fake.guest);
	kernel_init(&f->analysis.kernel, f->analysis.map, f->fake.guest.snapshot);
	task_facts_fill(&f->analysis);
	task_facts_conclude(&f->analysis);
	return &f->analysis.report->tasks;
}

static const struct report_sleeper *find_shown(const struct report_tasks *tasks, int64_t pid)
{
	for (guint i = 0; i < tasks->shown->len; i++) {
		const struct report_sleeper *sleeper =
			&g_array_index(tasks->shown, struct report_sleeper, i);

		if (sleeper->task.pid.value == pid)
			return sleeper;
	}
	g_assert_not_reached();
}

/* NULL: the report has no error about @field. */
static const char *error_about(const struct fixture *f, const char *field)
{
	const GPtrArray *errors = f->analysis.report->errors;

	for (guint i = 0; i < errors->len; i++) {
		const struct report_error *error = errors->pdata[i];

		if (g_str_equal(error->field, field))
			return error->message;
	}
	return NULL;
}

static void test_future(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	static const uint64_t future[] = {NOW_NS + 1, INT64_MAX, UINT64_MAX};
	const struct report_tasks *tasks;

	fake_put_u64(&f->fake.guest, fake_task(1) + RAN, NOW_NS - 7);
	for (unsigned int i = 0; i < G_N_ELEMENTS(future); i++)
		fake_put_u64(&f->fake.guest, fake_task(2 + i) + RAN, future[i]);
	tasks = fill(f);
	g_assert_true(find_shown(tasks, 1)->for_ns.known);
	g_assert_cmpint(find_shown(tasks, 1)->for_ns.value, ==, 7);
	for (int i = 0; i < (int)G_N_ELEMENTS(future); i++)
		g_assert_false(find_shown(tasks, 2 + i)->for_ns.known);
	/* A value that is no time at all is unknown. */
	g_assert_cmpstr(error_about(f, "tasks.shown[].not_run_ns"), ==,
			"2 tasks ran last in the future, by the guest's clock");
}

/* A clock that is no time. */
static void test_no_clock(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	fake_put_u64(&f->fake.guest, RUN_QUEUE, UINT64_MAX);
	g_assert_false(find_shown(fill(f), 1)->for_ns.known);
	g_assert_null(error_about(f, "tasks.shown[].not_run_ns"));
}

static uint64_t crowd_task(unsigned int number)
{
	return CROWD + number * CROWD_TASK_SIZE;
}

/* Puts @num blocked tasks behind init_task in the list of tasks. Each waits for the next one. */
static void put_crowd(struct fake_guest *guest, unsigned int num)
{
	uint64_t *nodes = g_new(uint64_t, num + 1);

	nodes[0] = fake_task(0) + FAKE_TASK_LIST;
	for (unsigned int i = 0; i < num; i++) {
		uint64_t task = crowd_task(i);

		nodes[i + 1] = task + FAKE_TASK_LIST;
		memset(fake_guest_at(guest, task), 0, CROWD_TASK_SIZE);
		fake_put_u32(guest, task + FAKE_TASK_STATE, 2);
		fake_put_u32(guest, task + FAKE_TASK_PID, 1000 + i);
		fake_put_u64(guest, task + FAKE_TASK_BLOCKER, FAKE_TASKS_ADDRESS(task + MUTEX));
		fake_put_u64(guest, task + MUTEX, FAKE_TASKS_ADDRESS(crowd_task((i + 1) % num)));
	}
	fake_link(guest, nodes, num + 1);
	g_free(nodes);
}

static void test_many(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	const struct report_tasks *tasks;

	put_crowd(&f->fake.guest, TASKS_MAX + 100);
	tasks = fill(f);
	g_assert_cmpint(tasks->num, ==, TASKS_MAX);
	g_assert_cmpint(tasks->num_blocked, ==, TASKS_MAX);
	g_assert_cmpstr(error_about(f, "tasks"), ==,
			"not all tasks were seen: there are more tasks than the limit");
	g_assert_cmpstr(error_about(f, "tasks.shown"), ==,
			"256 of 4096 tasks are shown, with the owners of what they wait for");
	/* The owners behind these wait for others in turn. */
	g_assert_cmpuint(tasks->shown->len, ==, 512);
}

/* All wait for each other: one deadlock. */
static void test_ring(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	const struct report_tasks *tasks;

	put_crowd(&f->fake.guest, 300);
	tasks = fill(f);
	g_assert_cmpuint(tasks->shown->len, ==, 300);
	g_assert_cmpuint(tasks->chains->len, ==, 1);
	g_assert_true(g_array_index(tasks->chains, struct report_chain, 0).deadlock);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*test)(struct fixture *f, gconstpointer unused);
	} tests[] = {
		{"a task that ran in the future has waited for an unknown time", test_future},
		{"without a valid clock the waits have unknown times", test_no_clock},
		{"the number of shown tasks is limited, and the report says so", test_many},
		{"300 tasks that wait for each other are one deadlock", test_ring},
	};

	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *path = g_strdup_printf("/task-facts/%s", tests[i].name);

		g_test_add(path, struct fixture, NULL, set_up, tests[i].test, tear_down);
	}
	return g_test_run();
}
