/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tasks and CPUs that hold up the current RCU grace period. The tasks were switched out in a
 * read-side critical section, or have slept in one, and have not left it since. A kernel without
 * CONFIG_PREEMPT_RCU has none.
 *
 * Such a task is in a list of a struct rcu_node (kernel/rcu/tree.h), newest first: .blkd_tasks, by
 * its member rcu_node_entry. It stays there while it runs again. .gp_tasks points to the first one
 * that the current grace period waits for; it waits for all tasks after that one, too.
 *
 * A CPU has a bit in .qsmask of its struct rcu_node on the lowest level until it has passed a
 * quiescent state, or has switched out the reader that it ran.
 *
 * Lists may loop and lie: the number of visited tasks is limited, for all nodes together.
 */
#ifndef OOPSBT_KERNEL_RCU_H
#define OOPSBT_KERNEL_RCU_H

#include "base/maybe.h"
#include "kernel/kernel.h"

#define RCU_MAX_READERS 64
/* The kernel has a node for up to 64 CPUs, and some more above these. */
#define RCU_MAX_NODES 1024

struct rcu_readers {
	gva_t tasks[RCU_MAX_READERS]; /* unchecked; of each node the oldest first */
	unsigned int num;
	bool late;	     /* some of it was read after the thaw */
	const char *stopped; /* static: why readers are missing; NULL: all are there */
};

void rcu_find_readers(const struct kernel *kernel, struct rcu_readers *readers);

struct rcu_cpus {
	struct rcu_group {
		int32_t first, last; /* Linux CPU numbers */
		uint8_t level;
		uint64_t mask; /* on the lowest level: of CPUs, from .first on */
	} groups[RCU_MAX_NODES];
	unsigned int num;
	bool late; /* some of it was read after the thaw */
};

/* Leaves out nodes that cannot be read. */
void rcu_read_cpus(const struct kernel *kernel, struct rcu_cpus *cpus);

/* 0 or 1: does the grace period wait for the CPU? */
struct maybe_int rcu_waits_for(const struct rcu_cpus *cpus, int64_t number);

/* How deep the task is in read-side critical sections (rcu_read_lock_nesting). */
struct maybe_int rcu_depth(const struct kernel *kernel, gva_t task, bool *late);

#endif
