/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The walk over all tasks, and what they wait for; lists may loop, lie and lead anywhere. */
#include <string.h>

#include "fake_guest.h"
#include "kernel/blocked.h"
#include "kernel/tasks.h"

/* Offsets in the image. */
#define TASKS 0x10000u
#define TASK_SIZE 0x400u
#define SIGNALS 0x40000u
#define SIGNAL_SIZE 0x40u
#define STACKS 0x80000u
#define STACK_SIZE DEFAULT_STACK_SIZE
#define LOCK 0x60000u
#define NUM_TASKS 6u /* 0 is init_task; 1, 2, 3 are processes, 4 and 5 threads of 2 */

/* Members. */
#define STACK 0x8u
#define STATE 0x10u
#define PID 0x18u
#define TGID 0x1cu
#define COMM 0x20u
#define LIST 0x40u
#define SIGNAL 0x50u
#define NODE 0x60u
#define ON_CPU 0x70u
#define SP 0x78u
#define NVCSW 0x80u
#define NIVCSW 0x88u
#define THREAD_HEAD 0x10u

#define ADDRESS(offset) (FAKE_GUEST_IMAGE + (offset))

struct fixture {
	struct fake_guest guest;
	struct kernel_map *map;
	struct kernel kernel;
	struct tasks tasks;
};

static void put_u64(struct fixture *f, uint64_t offset, uint64_t value)
{
	memcpy(fake_guest_at(&f->guest, offset), &value, sizeof(value));
}

static void put_u32(struct fixture *f, uint64_t offset, uint32_t value)
{
	memcpy(fake_guest_at(&f->guest, offset), &value, sizeof(value));
}

static uint64_t task(unsigned int number)
{
	return TASKS + number * TASK_SIZE;
}

static uint64_t stack(unsigned int number)
{
	return STACKS + number * STACK_SIZE;
}

static void set_fields(struct kernel_map *map)
{
	const struct {
		enum kernel_field field;
		int32_t offset;
	} all[] = {
		{FIELD_task_stack, STACK},
		{FIELD_task_state, STATE},
		{FIELD_task_pid, PID},
		{FIELD_task_tgid, TGID},
		{FIELD_task_comm, COMM},
		{FIELD_task_tasks, LIST},
		{FIELD_task_signal, SIGNAL},
		{FIELD_task_thread_node, NODE},
		{FIELD_task_on_cpu, ON_CPU},
		{FIELD_task_thread_sp, SP},
		{FIELD_task_nvcsw, NVCSW},
		{FIELD_task_nivcsw, NIVCSW},
		{FIELD_signal_thread_head, THREAD_HEAD},
		{FIELD_mutex_owner, 0},
		{FIELD_mutex_wait_list, 16},
		{FIELD_mutex_waiter_list, 0},
		{FIELD_mutex_waiter_task, 16},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		map->fields[all[i].field] = all[i].offset;
}

static void link_list(struct fixture *f, const uint64_t *nodes, size_t num)
{
	for (size_t i = 0; i < num; i++) {
		put_u64(f, nodes[i], ADDRESS(nodes[(i + 1) % num]));
		put_u64(f, nodes[(i + 1) % num] + 8, ADDRESS(nodes[i]));
	}
}

static void set_up(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	const uint64_t processes[] = {task(0) + LIST, task(1) + LIST, task(2) + LIST,
				      task(3) + LIST};
	const uint64_t threads[] = {SIGNALS + 2 * SIGNAL_SIZE + THREAD_HEAD, task(2) + NODE,
				    task(4) + NODE, task(5) + NODE};

	fake_guest_init(&f->guest, 2 << 20);
	f->map = kernel_map_new();
	f->map->banner = g_strdup("Linux version 6.6.6 (a) (b) #1 SMP");
	f->map->root = f->guest.space.root;
	f->map->levels = 4;
	f->map->stack_size = STACK_SIZE;
	f->map->symbols[SYMBOL_init_task] = ADDRESS(task(0));
	set_fields(f->map);
	for (unsigned int i = 0; i < NUM_TASKS; i++) {
		unsigned int leader = i < 4 ? i : 2;

		put_u32(f, task(i) + PID, i);
		put_u32(f, task(i) + TGID, leader);
		put_u32(f, task(i) + STATE, 2);
		put_u32(f, task(i) + ON_CPU, 0x0100); /* 7.2: a byte, and its neighbour */
		put_u64(f, task(i) + STACK, ADDRESS(stack(i)));
		put_u64(f, task(i) + SP, ADDRESS(stack(i) + STACK_SIZE - 0x800));
		put_u64(f, task(i) + SIGNAL, ADDRESS(SIGNALS + leader * SIGNAL_SIZE));
		if (i == 1 || i == 3)
			link_list(f,
				  (const uint64_t[]){SIGNALS + i * SIGNAL_SIZE + THREAD_HEAD,
						     task(i) + NODE},
				  2);
	}
	link_list(f, processes, G_N_ELEMENTS(processes));
	link_list(f, threads, G_N_ELEMENTS(threads));
}

static void tear_down(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	tasks_clear(&f->tasks);
	kernel_clear(&f->kernel);
	kernel_map_free(f->map);
	fake_guest_clear(&f->guest);
}

static void walk(struct fixture *f)
{
	fake_guest_forget(&f->guest);
	kernel_init(&f->kernel, f->map, f->guest.snapshot);
	tasks_walk(&f->kernel, 0, &f->tasks);
}

static void test_all(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	const struct task_entry *entry;

	walk(f);
	g_assert_null(f->tasks.stopped);
	g_assert_cmpuint(f->tasks.entries->len, ==, NUM_TASKS - 1);
	entry = tasks_find(&f->tasks, gva(ADDRESS(task(5))));
	g_assert_nonnull(entry);
	g_assert_cmpint(entry->task.pid.value, ==, 5);
	g_assert_cmpint(entry->task.tgid.value, ==, 2);
	g_assert_true(task_is_blocked(entry));
	g_assert_true(task_has_stack(&f->kernel, entry));
	g_assert_null(tasks_find(&f->tasks, gva(ADDRESS(task(0)))));
}

/* Each way a list can lie ends the walk, says so, and leaves what was seen before. */
static void test_lies(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	static const struct {
		uint64_t where, value;
		guint seen;
	} lies[] = {
		{TASKS + 3 * TASK_SIZE + LIST, ADDRESS(TASKS + TASK_SIZE + LIST), 5},
		{TASKS + 2 * TASK_SIZE + LIST, ADDRESS(TASKS + 2 * TASK_SIZE + LIST), 4},
		{TASKS + TASK_SIZE + LIST, 0, 1},
		{TASKS + TASK_SIZE + LIST, 0x7fff00000000, 1},
		{TASKS + TASK_SIZE + LIST, 0xffffffffffffffff, 1},
		{TASKS + 5 * TASK_SIZE + NODE, ADDRESS(TASKS + 4 * TASK_SIZE + NODE), 4},
		{TASKS + 5 * TASK_SIZE + NODE, ADDRESS(TASKS + TASK_SIZE + NODE), 4},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(lies); i++) {
		uint64_t before;

		g_test_message("lie %zu", i);
		memcpy(&before, fake_guest_at(&f->guest, lies[i].where), sizeof(before));
		put_u64(f, lies[i].where, lies[i].value);
		walk(f);
		g_assert_nonnull(f->tasks.stopped);
		g_assert_cmpuint(f->tasks.entries->len, ==, lies[i].seen);
		tasks_clear(&f->tasks);
		put_u64(f, lies[i].where, before);
	}
	walk(f);
	g_assert_null(f->tasks.stopped);
}

/* A list that has no end: each node is a task of its own. */
static void test_endless(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	/* Overlapping structures, 16 bytes apart, whose lists each lead to the next. */
	for (uint64_t at = task(1) + LIST; at < (2 << 20) - 0x1000; at += 16)
		put_u64(f, at, ADDRESS(at + 16));
	f->map->fields[FIELD_task_signal] = FIELD_UNKNOWN;
	walk(f);
	g_assert_nonnull(f->tasks.stopped);
	g_assert_cmpuint(f->tasks.entries->len, ==, TASKS_MAX);
}

static GArray *frames_of(const char *function)
{
	GArray *frames = frames_new();
	const char *const names[] = {"__schedule", "schedule", function};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		struct frame frame = {.reliable = true, .symbol.name = g_strdup(names[i])};

		g_array_append_val(frames, frame);
	}
	return frames;
}

static struct blocked find(struct fixture *f, unsigned int number, const char *function)
{
	g_autoptr(GArray) frames = frames_of(function);
	struct blocked blocked;

	tasks_clear(&f->tasks);
	walk(f);
	blocked_find(&f->kernel, &f->tasks, tasks_find(&f->tasks, gva(ADDRESS(task(number)))),
		     frames, &blocked);
	return blocked;
}

/* Tasks 1 and 3 wait for a mutex of task 5; then what is wrong about that, in turn. */
static void test_mutex(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t waiters[] = {LOCK + 16, stack(1) + STACK_SIZE - 0x400,
			      stack(3) + STACK_SIZE - 0x300};
	struct blocked blocked;

	link_list(f, waiters, G_N_ELEMENTS(waiters));
	put_u64(f, waiters[1] + 16, ADDRESS(task(1)));
	put_u64(f, waiters[2] + 16, ADDRESS(task(3)));
	put_u64(f, LOCK, ADDRESS(task(5)) | 1);
	for (unsigned int number = 1; number <= 3; number += 2) {
		blocked = find(f, number, "__mutex_lock.constprop.0");
		g_assert_cmpint(blocked.kind, ==, BLOCKED_MUTEX);
		g_assert_cmphex(blocked.lock.value, ==, ADDRESS(LOCK));
		g_assert_cmpint(blocked.claim, ==, BLOCKED_OWNER);
		g_assert_cmphex(blocked.owner.value, ==, ADDRESS(task(5)));
	}
	/* Elsewhere nothing is taken for a lock. */
	blocked = find(f, 1, "do_something");
	g_assert_cmphex(blocked.lock.value, ==, 0);
	g_assert_cmpint(blocked.kind, ==, BLOCKED_UNKNOWN);
	/* An owner that is no task is not shown. */
	put_u64(f, LOCK, ADDRESS(0x7000));
	blocked = find(f, 1, "__mutex_lock.constprop.0");
	g_assert_cmphex(blocked.lock.value, ==, ADDRESS(LOCK));
	g_assert_cmpint(blocked.claim, ==, BLOCKED_NO_OWNER);
	g_assert_cmphex(blocked.owner.value, ==, 0);
	/* Waiters in a ring without a lock; a list that does not lead back. */
	link_list(f, waiters + 1, 2);
	blocked = find(f, 1, "__mutex_lock.constprop.0");
	g_assert_cmphex(blocked.lock.value, ==, 0);
	put_u64(f, waiters[1], ADDRESS(LOCK + 16));
	put_u64(f, LOCK + 24, ADDRESS(0x9000));
	blocked = find(f, 1, "__mutex_lock.constprop.0");
	g_assert_cmphex(blocked.lock.value, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/kernel/tasks/all", struct fixture, NULL, set_up, test_all, tear_down);
	g_test_add("/kernel/tasks/lies", struct fixture, NULL, set_up, test_lies, tear_down);
	g_test_add("/kernel/tasks/endless", struct fixture, NULL, set_up, test_endless, tear_down);
	g_test_add("/kernel/tasks/mutex", struct fixture, NULL, set_up, test_mutex, tear_down);
	return g_test_run();
}
