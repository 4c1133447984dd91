/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a task that sleeps waits for, and who has it.
 *
 * The kind is told by the function that sleeps (__mutex_lock, rwsem_down_write_slowpath, ...). The
 * lock is task->blocker where the kernel has it (CONFIG_DETECT_HUNG_TASK_BLOCKER, 6.16; the low two
 * bits are the kind, include/linux/hung_task.h); task->pi_blocked_on->lock for rt_mutexes, which
 * all locks that sleep are on PREEMPT_RT; task->blocked_on for mutexes (6.17); else what the
 * waiter's structure on the task's own stack is linked into (waits.h). Who waits for a page, for a
 * bit of a word, or for a futex shares a list with those that wait for others: it is in the
 * waiter itself what it waits for. A task that sleeps in none of the kernel's functions for that
 * waits on a wait queue if it is in one.
 *
 * The owner is a word of the lock, and is shown only if it points to a task. A rwsem that readers
 * have names one of them, the one that took it last, and not whether that one still has it; a
 * semaphore at best (6.16) who took it last. All others have no owner that the kernel knows.
 */
#ifndef OOPSBT_KERNEL_BLOCKED_H
#define OOPSBT_KERNEL_BLOCKED_H

#include "kernel/blame.h"
#include "kernel/frame.h"
#include "kernel/waits.h"

enum blocked_kind {
	BLOCKED_UNKNOWN, /* it sleeps in a function of its own */
	BLOCKED_MUTEX,
	BLOCKED_RWSEM_READ,
	BLOCKED_RWSEM_WRITE,
	BLOCKED_SEMAPHORE,
	BLOCKED_RT_MUTEX,
	BLOCKED_COMPLETION,
	BLOCKED_PAGE, /* its lock */
	BLOCKED_WRITEBACK,
	BLOCKED_BIT,   /* of a word: buffers, inodes */
	BLOCKED_FUTEX, /* by its address in user space; not known if processes share it */
	BLOCKED_WAIT_QUEUE,
	BLOCKED_SIMPLE_WAIT_QUEUE,
	NUM_BLOCKED_KINDS
};

enum blocked_claim {
	BLOCKED_NO_OWNER,
	BLOCKED_OWNER,
	BLOCKED_READER,	     /* readers have it; this is the last one that took it */
	BLOCKED_LAST_HOLDER, /* may have given it back */
};

struct blocked {
	enum blocked_kind kind;
	gva_t lock; /* 0: not found */
	enum blocked_claim claim;
	gva_t owner; /* a task of @tasks */
	bool late;   /* the lock was read after the thaw */
};

/* "mutex", "rwsem (to read)", ...: static. */
const char *blocked_kind_name(enum blocked_kind kind);

/* @frames: of struct frame, with symbols. */
void blocked_find(struct waits *waits, const struct task_entry *entry, const GArray *frames,
		  struct blocked *blocked);

/*
 * Whose wait it is: the first function of @frames that does not wait for its caller, and its
 * callers. Where all do, the first that is not the scheduler's or a lock's; or none.
 */
void blocked_blame(const GArray *frames, struct blame *blame);

/* Reads into the snapshot what unwinding the task and blocked_find() will need. */
void blocked_capture(struct waits *waits, const struct task_entry *entry);

#endif
