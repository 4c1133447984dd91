/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiters: the structures that link sleeping tasks into what they wait for. Each lies on the stack
 * of its task and names that task (struct mutex_waiter, rwsem_waiter, semaphore_waiter,
 * swait_queue, wait_queue_entry; include/linux). Its list leads through other waiters to the lock:
 * the one node that belongs to no waiter.
 *
 * Lists may loop, lie, and lead into one another. A lock is accepted only if the ring is whole
 * (each node's successor points back to it) and all nodes but one belong to waiters. The number of
 * visited nodes is limited, for all tasks together; no ring is walked twice.
 */
#ifndef OOPSBT_KERNEL_WAITS_H
#define OOPSBT_KERNEL_WAITS_H

#include "kernel/tasks.h"

/* The maximum number of nodes, for all tasks together. */
#define WAITS_MAX 65536

/*
 * Offsets: of the struct list_head and the task in the waiter, and of the list's head in the lock.
 */
struct waiter_layout {
	enum kernel_field list, task, head;
};

struct waits {
	const struct kernel *kernel;
	const struct tasks *tasks;
	int64_t deadline_us;
	GHashTable *locks;	   /* key: node and layout; value: the lock, or 0 */
	unsigned int num;	   /* nodes visited */
	const char *stopped;	   /* static: why nodes were skipped; NULL: none were */
	struct task_entry sleeper; /* the task whose stack is in @words */
	/* From the saved stack pointer to the end of the stack. */
	uint64_t words[MAX_STACK_SIZE / 8];
	size_t num_words;
	bool stack_late;
};

/* Borrows @kernel and @tasks. @deadline_us as for tasks_walk(). */
struct waits *waits_new(const struct kernel *kernel, const struct tasks *tasks,
			int64_t deadline_us);
void waits_free(struct waits *waits);

/* Reads the stack for the two functions below. Reads no words if the task's stack is unknown. */
void waits_read_stack(struct waits *waits, const struct task_entry *sleeper);

/*
 * The first structure on the stack, after @previous (0: from the start), that names the task in its
 * member @task and is linked into a list by its member @list. 0: there is none.
 */
gva_t waits_next_waiter(const struct waits *waits, enum kernel_field list, enum kernel_field task,
			gva_t previous, bool *late);

/* The lock that the task waits for with this kind of waiter. 0: none is certain. */
gva_t waits_lock(struct waits *waits, const struct waiter_layout *layout, bool *late);

#endif
