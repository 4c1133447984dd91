/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads all state that changes while the guest runs. Call it while the guest is frozen. It
 * interprets only what it needs to find the state.
 */
#ifndef OOPSBT_ANALYZE_CAPTURE_H
#define OOPSBT_ANALYZE_CAPTURE_H

#include "kernel/cpu.h"
#include "kernel/settings.h"

/*
 * With a map that fits: reads each CPU's identity and stacks, the kernel's settings, and the
 * position of its log. Returns an array of struct cpu, one for each vCPU in order; free with
 * g_free().
 */
struct cpu *capture_warm(struct kernel *kernel, const GArray *vcpus, struct settings *settings);

#endif
