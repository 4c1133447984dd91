/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a CPU waits for in the slow path of a queued spinlock (kernel/locking/qspinlock.c), and the
 * order of the waiting CPUs. The lock is a word: locked:8 (1; 3 if the first waiter of a guest with
 * paravirt spinlocks may be halted), pending:1, and from bit 16 the last waiter's node as index:2
 * and CPU + 1. If the hypervisor offers no paravirt spinlocks, CPUs do not queue but try again and
 * again (virt_spin_lock()). A queued waiter uses one of its CPU's four nodes (`qnodes`): struct
 * mcs_spinlock { next, locked:32, count:32 }. The count of a CPU's first node is the number of
 * nodes in use.
 *
 * All of it changes while the guest runs: call lock_capture() while the guest is frozen.
 */
#ifndef OOPSBT_KERNEL_LOCK_H
#define OOPSBT_KERNEL_LOCK_H

#include "kernel/cpu.h"

/* Is @pc in such a slow path? */
bool lock_in_slow_path(const struct kernel *kernel, gva_t pc);

/*
 * The lock that @cpu waits for. @registers (of struct named_register) are those of the slow path or
 * of a function that it called; one of them must point to a word that is a held spinlock with a
 * waiter. Sets *@late if the word was read after the thaw.
 */
bool lock_waited_for(const struct kernel *kernel, const struct cpu *cpu, const GArray *registers,
		     gva_t *lock, bool *late);

/*
 * Is the pending bit of the lock set? Then a CPU waits ahead of the queue. It has no node, so the
 * lock does not tell which CPU it is.
 */
bool lock_is_pending(const struct kernel *kernel, gva_t lock);

/*
 * The CPUs (unsigned int, Linux numbers) that are queued for @lock, next owner first; empty if the
 * links form a circle.
 */
GArray *lock_queue(const struct kernel *kernel, const struct cpu *cpus, size_t num_cpus,
		   gva_t lock);

/* Reads into the snapshot the memory of @cpu that the functions above need. */
void lock_capture(const struct kernel *kernel, const struct cpu *cpu);

#endif
