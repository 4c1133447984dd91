/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The structures by which tasks that sleep are linked into what they wait for. Each lies on the
 * stack of its task and names that task (struct mutex_waiter, rwsem_waiter, semaphore_waiter,
 * swait_queue, wait_queue_entry; include/linux). Its list leads through other waiters to the lock:
 * the one node that is no waiter's.
 *
 * Lists may loop, lie, and lead into one another. A lock is taken for one only if the ring is whole
 * (each node's successor points back to it) and all nodes but one are waiters'. How many are looked
 * at is limited, over all tasks together; no ring is walked twice.
 */
#ifndef OOPSBT_KERNEL_WAITS_H
#define OOPSBT_KERNEL_WAITS_H

#include "kernel/tasks.h"

/* Over all tasks. */
#define WAITS_MAX 65536

/* Offsets: in the waiter of its struct list_head and of the task, in the lock of the list's head.
 */
struct waiter_layout {
	enum kernel_field list, task, head;
};

struct waits {
	const struct kernel *kernel;
	const struct tasks *tasks;
	int64_t deadline_us;
	GHashTable *locks;	   /* by node and layout: the lock, or 0 */
	unsigned int num;	   /* nodes that were looked at */
	const char *stopped;	   /* static: why some were not; NULL: all were */
	struct task_entry sleeper; /* whose stack it has */
	/* From the saved stack pointer to the end of the stack. */
	uint64_t words[MAX_STACK_SIZE / 8];
	size_t num_words;
	bool stack_late;
};

/* @kernel and @tasks are borrowed. @deadline_us as for tasks_walk(). */
struct waits *waits_new(const struct kernel *kernel, const struct tasks *tasks,
			int64_t deadline_us);
void waits_free(struct waits *waits);

/* For the two below. No words if the task has no stack that is known. */
void waits_read_stack(struct waits *waits, const struct task_entry *sleeper);

/*
 * The first structure on the stack that names the task in its member @task, is linked into a list
 * by its member @list, and lies behind @previous (0: anywhere). 0: there is none.
 */
gva_t waits_next_waiter(const struct waits *waits, enum kernel_field list, enum kernel_field task,
			gva_t previous, bool *late);

/* What the task waits for by a waiter of this kind. 0: none that is certain. */
gva_t waits_lock(struct waits *waits, const struct waiter_layout *layout, bool *late);

#endif
