/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must be read while the guest is frozen: all that changes while it runs. Nothing is
 * interpreted here beyond what is needed to know where to read.
 */
#ifndef OOPSBT_ANALYZE_CAPTURE_H
#define OOPSBT_ANALYZE_CAPTURE_H

#include "kernel/cpu.h"
#include "kernel/settings.h"

/*
 * With a map that fits: each CPU's identity (array of struct cpu, one a vCPU, in their order; free
 * with g_free()) and stacks, the kernel's settings, where its log stands.
 */
struct cpu *capture_warm(struct kernel *kernel, const GArray *vcpus, struct settings *settings);

#endif
