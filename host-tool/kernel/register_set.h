/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of register values, of which some may be unknown. All architectures share the first three
 * numbers; struct arch (arch.h) names the others.
 */
#ifndef OOPSBT_KERNEL_REGISTER_SET_H
#define OOPSBT_KERNEL_REGISTER_SET_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_REGISTERS 40

enum register_number {
	REGISTER_PC,
	REGISTER_SP,
	REGISTER_FP,
	NUM_COMMON_REGISTERS,
};

struct register_set {
	uint64_t known; /* one bit for each number */
	uint64_t values[MAX_REGISTERS];
};

static inline bool register_known(const struct register_set *set, unsigned int number)
{
	return set->known >> number & 1;
}

static inline void register_put(struct register_set *set, unsigned int number, uint64_t value)
{
	set->known |= (uint64_t)1 << number;
	set->values[number] = value;
}

static inline void register_lose(struct register_set *set, unsigned int number)
{
	set->known &= ~((uint64_t)1 << number);
	set->values[number] = 0;
}

#endif
