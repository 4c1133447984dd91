/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tasks in a fake guest: init_task, processes 1, 2 and 3, and threads 4 and 5 of process 2. All are
 * in an uninterruptible sleep, each with its own stack.
 */
#ifndef OOPSBT_FAKE_TASKS_H
#define OOPSBT_FAKE_TASKS_H

#include "fake_guest.h"
#include "kernel/kernel.h"
#include "kernel/tasks.h"

#define FAKE_TASKS_NUM 6u

/* Offsets in the image of space for locks. */
#define FAKE_TASKS_LOCK 0x60000u
#define FAKE_TASKS_OTHER_LOCK 0x61000u
#define FAKE_TASKS_END 0x98000u

/* Offsets in a task. */
enum {
	FAKE_TASK_SIZE = 0x400,
	FAKE_TASK_STACK = 0x8,
	FAKE_TASK_STATE = 0x10,
	FAKE_TASK_PID = 0x18,
	FAKE_TASK_LIST = 0x40,
	FAKE_TASK_NODE = 0x60,
	FAKE_TASK_ON_CPU = 0x70,
	FAKE_TASK_SP = 0x78,
	FAKE_TASK_VOLUNTARY = 0x80,
	FAKE_TASK_FORCED = 0x88,
	FAKE_TASK_PI_BLOCKED_ON = 0x90,
	FAKE_TASK_BLOCKER = 0x98,
	FAKE_TASK_BLOCKED_ON = 0xa0,
};

#define FAKE_TASKS_ADDRESS(offset) (FAKE_GUEST_IMAGE + (offset))

/* The guest has 2 MiB. */
void fake_tasks_put(struct fake_guest *guest);

/*
 * Returns a map of the guest, with the offsets in tasks but not those in locks; kernel_map_free().
 */
struct kernel_map *fake_tasks_map(const struct fake_guest *guest);

/* The fixture of tests with tasks; for g_test_add(). */
struct fake_tasks {
	struct fake_guest guest;
	struct kernel_map *map;
	struct kernel kernel;
	struct tasks tasks;
};

void fake_tasks_set_up(struct fake_tasks *fake, gconstpointer unused);
void fake_tasks_tear_down(struct fake_tasks *fake, gconstpointer unused);

/* Offsets in the image: of task NUMBER, and of the place BYTES below the end of its stack. */
uint64_t fake_task(unsigned int number);
uint64_t fake_task_stack(unsigned int number, uint64_t bytes);

void fake_put_u64(struct fake_guest *guest, uint64_t offset, uint64_t value);
void fake_put_u32(struct fake_guest *guest, uint64_t offset, uint32_t value);

/* Links the struct list_heads at these offsets of the image into a ring. */
void fake_link(struct fake_guest *guest, const uint64_t *nodes, size_t num);

#endif
