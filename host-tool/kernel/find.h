/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the Linux kernel in guest memory: page tables that map an image, then the image's kallsyms,
 * then everything else. kernel/x86_64/roots.h lists the sources of page tables.
 */
#ifndef OOPSBT_KERNEL_FIND_H
#define OOPSBT_KERNEL_FIND_H

#include "guest/registers.h"
#include "kernel/map.h"
#include "kernel/x86_64/roots.h"

/*
 * Builds a new map. @vcpus: of struct vcpu_registers, whatever they run. Takes tens of
 * milliseconds, or a few seconds at most if there is no kernel or a hostile one.
 */
struct kernel_map *kernel_find(struct snapshot *snapshot, const GArray *vcpus, GError **error);

/* The same, but only for a kernel that a vCPU runs: the vCPU's page tables map it. */
struct kernel_map *kernel_find_run(struct snapshot *snapshot, const GArray *vcpus, GError **error);

#endif
