/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a CPU waits for in the slow path of a queued spinlock (kernel/locking/qspinlock.c), and in
 * what order CPUs wait. The lock is a word: locked:8 (1; 3 where the first waiter of a guest with
 * paravirt spinlocks may be halted), pending:1, and from bit 16 the last waiter's node, as
 * index:2 and CPU + 1. In a guest whose hypervisor offers no paravirt spinlocks nobody queues: all
 * try again and again (virt_spin_lock()). A waiter that queues has one of its CPU's four nodes
 * (`qnodes`): struct mcs_spinlock { next, locked:32, count:32 }; the first one's count is how many
 * are in use.
 *
 * All of it changes as the guest runs: lock_capture() while it is frozen.
 */
#ifndef OOPSBT_KERNEL_LOCK_H
#define OOPSBT_KERNEL_LOCK_H

#include "kernel/cpu.h"

/* Is @pc in such a slow path? */
bool lock_in_slow_path(const struct kernel *kernel, gva_t pc);

/*
 * The lock that @cpu waits for, if one of @registers (of struct named_register), which were those
 * in the slow path or in what it has called, points to a word that is a spinlock held, with
 * somebody waiting. *@late is set if that was read after the thaw.
 */
bool lock_waited_for(const struct kernel *kernel, const struct cpu *cpu, const GArray *registers,
		     gva_t *lock, bool *late);

/*
 * Has a CPU said in the lock itself that it waits? It is the next one, ahead of those that are
 * queued, and has no node: the lock does not tell which it is.
 */
bool lock_is_pending(const struct kernel *kernel, gva_t lock);

/*
 * The CPUs (of unsigned int, Linux's numbers) that are queued for @lock, the next one first; none
 * if their links lead in a circle.
 */
GArray *lock_queue(const struct kernel *kernel, const struct cpu *cpus, size_t num_cpus,
		   gva_t lock);

/* Reads into the snapshot what the others will need of @cpu. */
void lock_capture(const struct kernel *kernel, const struct cpu *cpu);

#endif
