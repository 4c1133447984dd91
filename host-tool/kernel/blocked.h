/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a sleeping task waits for, and who holds it.
 *
 * The function that sleeps tells the kind (__mutex_lock, rwsem_down_write_slowpath, ...). The lock
 * comes from the first of these that the kernel has:
 *
 *   task->blocker             CONFIG_DETECT_HUNG_TASK_BLOCKER, 6.16; the low two bits are the
 *                             kind (include/linux/hung_task.h)
 *   task->pi_blocked_on->lock rt_mutexes; on PREEMPT_RT all sleeping locks are rt_mutexes
 *   task->blocked_on          mutexes, 6.17
 *   the waiter's list         the list into which the waiter on the task's stack is linked
 *                             (waits.h)
 *
 * Tasks that wait for a page, a bit of a word, or a futex share a list with tasks that wait for
 * others; there the waiter itself names the object. A task that sleeps in none of the kernel's wait
 * functions waits on a wait queue if it is linked into one.
 *
 * The owner is a word of the lock. It is shown only if it points to a task. A rwsem held by readers
 * names the reader that took it last, which may have released it since. A semaphore names at best
 * (6.16) the task that took it last. The kernel knows no owner of the other kinds.
 */
#ifndef OOPSBT_KERNEL_BLOCKED_H
#define OOPSBT_KERNEL_BLOCKED_H

#include "kernel/blame.h"
#include "kernel/frame.h"
#include "kernel/waits.h"

enum blocked_kind {
	BLOCKED_UNKNOWN, /* sleeps in a function that is no known wait */
	BLOCKED_MUTEX,
	BLOCKED_RWSEM_READ,
	BLOCKED_RWSEM_WRITE,
	BLOCKED_SEMAPHORE,
	BLOCKED_RT_MUTEX,
	BLOCKED_COMPLETION,
	BLOCKED_PAGE, /* its lock */
	BLOCKED_WRITEBACK,
	BLOCKED_BIT,   /* of a word: buffers, inodes */
	BLOCKED_FUTEX, /* address in user space; unknown if processes share it */
	BLOCKED_WAIT_QUEUE,
	BLOCKED_SIMPLE_WAIT_QUEUE,
	NUM_BLOCKED_KINDS
};

enum blocked_claim {
	BLOCKED_NO_OWNER,
	BLOCKED_OWNER,
	BLOCKED_READER,	     /* held by readers; this one took it last */
	BLOCKED_LAST_HOLDER, /* may have released it */
};

struct blocked {
	enum blocked_kind kind;
	gva_t lock; /* 0: not found */
	enum blocked_claim claim;
	gva_t owner; /* a task of @tasks */
	bool late;   /* the lock was read after the thaw */
};

/* "mutex", "rwsem (to read)", ...; static. */
const char *blocked_kind_name(enum blocked_kind kind);

/* @frames: array of struct frame, with symbols. */
void blocked_find(struct waits *waits, const struct task_entry *entry, const GArray *frames,
		  struct blocked *blocked);

/*
 * Finds the code to blame for the wait: the first function of @frames that does not wait for its
 * caller, and its callers. If all do: the first function that belongs neither to the scheduler nor
 * to a lock, or none.
 */
void blocked_blame(const GArray *frames, struct blame *blame);

/* Reads into the snapshot the memory that unwinding the task and blocked_find() need. */
void blocked_capture(struct waits *waits, const struct task_entry *entry);

#endif
