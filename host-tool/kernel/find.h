/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding the Linux kernel in guest memory, with nothing but the vCPUs' registers to start from:
 * IDT -> interrupt handler -> the mapped image around it -> its kallsyms -> everything else.
 */
#ifndef OOPSBT_KERNEL_FIND_H
#define OOPSBT_KERNEL_FIND_H

#include "guest/registers.h"
#include "kernel/map.h"

/*
 * Builds a new map. @vcpus: of struct vcpu_registers; any one of them in the kernel's or, with
 * page-table isolation, in a user's page tables will do. Takes tens of milliseconds.
 */
struct kernel_map *kernel_find(struct snapshot *snapshot, const GArray *vcpus, GError **error);

/* The page-table root in a CR3, without PCID and flag bits. */
gpa_t cr3_root(uint64_t cr3);

#endif
