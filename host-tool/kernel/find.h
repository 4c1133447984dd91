/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding the Linux kernel in guest memory: page tables that map an image -> its kallsyms ->
 * everything else. kernel/x86_64/roots.h tells where page tables are taken from.
 */
#ifndef OOPSBT_KERNEL_FIND_H
#define OOPSBT_KERNEL_FIND_H

#include "guest/registers.h"
#include "kernel/map.h"
#include "kernel/x86_64/roots.h"

/*
 * Builds a new map. @vcpus: of struct vcpu_registers, whatever they run. Takes tens of
 * milliseconds; a few seconds at most where there is no kernel, or one that lies.
 */
struct kernel_map *kernel_find(struct snapshot *snapshot, const GArray *vcpus, GError **error);

/* The same for a kernel that one of the vCPUs runs: it is mapped by the vCPU's page tables. */
struct kernel_map *kernel_find_run(struct snapshot *snapshot, const GArray *vcpus, GError **error);

#endif
