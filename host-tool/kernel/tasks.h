/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All tasks of a guest: the processes that init_task's list `tasks` links, and the threads of each,
 * which signal->thread_head links (since 3.14; kernel/fork.c, copy_process()). Lists may loop or
 * lie: no task is taken twice, and there is a limit, so every walk ends.
 *
 * A task changes while the guest runs: what was read after the thaw is marked late.
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
	struct maybe_int cpu;	       /* Linux's number: where it runs, or ran last */
	struct maybe_int on_cpu;       /* 0 or 1: it runs now, or is being switched */
	struct maybe_int ran_ns;       /* by the run queues' clock: when it last ran, about */
	struct maybe_int num_switches; /* since it began */
	struct maybe_uint sp;	       /* saved when it was switched out; nothing if it runs */
	gva_t stack;		       /* where its stack begins; 0: not known */
	bool late;
};

struct tasks {
	GArray *entries;	/* of struct task_entry */
	GHashTable *by_address; /* GUINT: index + 1 */
	const char *stopped;	/* static: why not all are there; NULL: they are */
};

/*
 * @deadline_us: of g_get_monotonic_time(); the walk ends there. 0: none. What is read is kept in
 * the snapshot. Free with tasks_clear().
 */
void tasks_walk(const struct kernel *kernel, int64_t deadline_us, struct tasks *tasks);
void tasks_clear(struct tasks *tasks);

/* NULL: @address is that of no task. */
const struct task_entry *tasks_find(const struct tasks *tasks, gva_t address);

/* As ps(1) says it: R, S, D, T, t, I, X, Z, P; ? where it is not known. */
char task_letter(const struct task_entry *entry);

/* It sleeps and nothing but what it waits for wakes it: D, or a lock of PREEMPT_RT. */
bool task_is_blocked(const struct task_entry *entry);

/* The same, and a signal does not wake it either: what the kernel's own detector counts. */
bool task_is_hung(const struct task_entry *entry);

/* Its saved stack pointer lies on its stack. */
bool task_has_stack(const struct kernel *kernel, const struct task_entry *entry);

/*
 * Read again by @now: does it not run, with the stack pointer and the number of switches that
 * @entry has? False too where that cannot be told.
 */
bool task_has_stood_still(const struct kernel *now, const struct task_entry *entry);

/* What this kernel does not tell, for the report; NULL: all there is to walk by. */
const char *tasks_lack(const struct kernel *kernel);

#endif
