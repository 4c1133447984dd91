/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a CPU that spins in the slow path of a queued spinlock waits for
 * (kernel/locking/qspinlock.c).
 */
#ifndef OOPSBT_KERNEL_LOCK_H
#define OOPSBT_KERNEL_LOCK_H

#include "guest/registers.h"
#include "kernel/kernel.h"

/*
 * The lock, if @registers are in the slow path and one of them points to a word that is a spinlock
 * held, with somebody waiting. Reads through the snapshot: call it while the guest is frozen.
 */
bool lock_waited_for(const struct kernel *kernel, const struct vcpu_registers *registers,
		     gva_t *lock);

#endif
