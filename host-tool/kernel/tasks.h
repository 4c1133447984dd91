/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All tasks of a guest: the processes in init_task's list `tasks`, and the threads of each process
 * in signal->thread_head (since 3.14; copy_process() in kernel/fork.c). Lists may loop or lie. No
 * task is added twice and their number is limited, so every walk ends.
 *
 * A task changes while the guest runs: a task that was read after the thaw is marked late.
 */
#ifndef OOPSBT_KERNEL_TASKS_H
#define OOPSBT_KERNEL_TASKS_H

#include "base/maybe.h"
#include "kernel/kernel.h"
#include "kernel/task.h"

#define TASKS_MAX 4096

struct task_entry {
	gva_t address;
	struct task task;
	struct maybe_uint state_bits; /* __state, or state before 5.14 */
	struct maybe_uint exit_state;
	struct maybe_int cpu;	       /* Linux number of the CPU where it runs or last ran */
	struct maybe_int on_cpu;       /* 0 or 1: it runs now, or is being switched */
	struct maybe_int ran_ns;       /* about when it last ran, by the run queues' clock */
	struct maybe_int num_switches; /* since the task began */
	struct maybe_uint sp;	       /* saved when it was switched out; meaningless if it runs */
	gva_t stack;		       /* start of its stack; 0: unknown */
	bool late;
};

struct tasks {
	GArray *entries;	/* of struct task_entry */
	GHashTable *by_address; /* GUINT: index + 1 */
	const char *stopped;	/* static: why tasks are missing; NULL: all are there */
};

/*
 * @deadline_us: g_get_monotonic_time() at which the walk ends; 0: none. The snapshot keeps all
 * pages that were read. Free with tasks_clear().
 */
void tasks_walk(const struct kernel *kernel, int64_t deadline_us, struct tasks *tasks);
void tasks_clear(struct tasks *tasks);

/* NULL: no task is at @address. */
const struct task_entry *tasks_find(const struct tasks *tasks, gva_t address);

/* The state letter of ps(1): R, S, D, T, t, I, X, Z, P; ?: unknown. */
char task_letter(const struct task_entry *entry);

/* Does it sleep uninterruptibly (D), or wait for a lock on PREEMPT_RT? */
bool task_is_blocked(const struct task_entry *entry);

/* Is it blocked so that no signal wakes it? The kernel's hung-task detector counts these tasks. */
bool task_is_hung(const struct task_entry *entry);

/* Is its saved stack pointer on its stack? */
bool task_has_stack(const struct kernel *kernel, const struct task_entry *entry);

/*
 * Reads the task again through @now. True if it does not run and has the stack pointer and the
 * number of switches of @entry. False also if they are unknown.
 */
bool task_has_stood_still(const struct kernel *now, const struct task_entry *entry);

/* The reason why this kernel's tasks cannot be walked, for the report; NULL: they can. */
const char *tasks_lack(const struct kernel *kernel);

#endif
