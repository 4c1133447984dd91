/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address spaces as types, so that the compiler refuses to mix them.
 *
 * A guest-physical address (gpa_t) is what the guest's page tables produce, a
 * guest-virtual address (gva_t) is what its code uses. Offsets into the file
 * that holds guest memory (for /proc/<pid>/mem: host virtual addresses of the
 * QEMU process) never leave memory.c and are plain uint64_t there.
 */
#ifndef OOPSBT_GUEST_ADDRESS_H
#define OOPSBT_GUEST_ADDRESS_H

#include <stdint.h>

#define GUEST_PAGE_SHIFT 12
#define GUEST_PAGE_SIZE ((uint64_t)1 << GUEST_PAGE_SHIFT)
#define GUEST_PAGE_MASK (~(GUEST_PAGE_SIZE - 1))

typedef struct {
	uint64_t value;
} gpa_t;

typedef struct {
	uint64_t value;
} gva_t;

static inline gpa_t gpa(uint64_t value)
{
	return (gpa_t){value};
}

static inline gva_t gva(uint64_t value)
{
	return (gva_t){value};
}

static inline gva_t gva_add(gva_t base, uint64_t offset)
{
	return (gva_t){base.value + offset};
}

static inline gpa_t gpa_add(gpa_t base, uint64_t offset)
{
	return (gpa_t){base.value + offset};
}

#endif
