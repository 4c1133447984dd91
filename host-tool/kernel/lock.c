// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/lock.h"

/* The slow path is shorter than this in every build. */
#define MAX_SLOW_PATH 2048

/* struct qspinlock (include/asm-generic/qspinlock_types.h): locked:8, pending:1, tail from bit 16.
 */
#define LOCKED(value) ((value)&0xff)
#define PENDING(value) ((value)&0x100)
#define TAIL(value) ((value) >> 16)

static bool in_slow_path(const struct kernel *kernel, uint64_t rip)
{
	static const enum kernel_symbol paths[] = {
		SYMBOL_native_queued_spin_lock_slowpath,
		SYMBOL___pv_queued_spin_lock_slowpath,
	};

	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		uint64_t start = kernel->map->symbols[paths[i]];

		if (start && rip - start < MAX_SLOW_PATH)
			return true;
	}
	return false;
}

bool lock_waited_for(const struct kernel *kernel, const struct vcpu_registers *registers,
		     gva_t *lock)
{
	/* The first argument, or where a compiler keeps it across calls. */
	const uint64_t candidates[] = {registers->rdi, registers->rbx, registers->rbp,
				       registers->r12, registers->r13};

	if (!in_slow_path(kernel, registers->rip))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(candidates); i++) {
		uint32_t value;

		if (candidates[i] % sizeof(value) ||
		    !kernel_is_kernel_address(kernel, gva(candidates[i])) ||
		    !address_space_read_u32(&kernel->space, gva(candidates[i]), &value, NULL))
			continue;
		/* The argument is the lock for sure; elsewhere its waiters must show, too. */
		if (LOCKED(value) == 1 && (i == 0 || PENDING(value) || TAIL(value))) {
			*lock = gva(candidates[i]);
			return true;
		}
	}
	return false;
}
