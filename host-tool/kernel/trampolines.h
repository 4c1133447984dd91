/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handles code addresses that tracing has changed. The function graph tracer replaces return
 * addresses by return_to_handler, and kretprobes replace them by their trampoline; the task keeps
 * the original addresses. An ftrace_ops may also have its own generated copy of ftrace_caller.
 */
#ifndef OOPSBT_KERNEL_TRAMPOLINES_H
#define OOPSBT_KERNEL_TRAMPOLINES_H

#include "kernel/kernel.h"

/*
 * Replaces a trampoline's @address, found at stack slot @slot of @task, by the original return
 * address. Leaves other addresses unchanged. False: it is a trampoline, and the original is
 * unknown.
 */
bool trampoline_recover(const struct kernel *kernel, gva_t task, gva_t slot, gva_t *address);

/*
 * Reads into the snapshot the memory of @task that trampoline_recover() needs; it changes while the
 * task runs.
 */
void trampoline_capture(const struct kernel *kernel, gva_t task);

/*
 * If @address is in code that was copied, sets *@original to the original instruction: for an
 * ftrace_ops' trampoline that of ftrace_caller or ftrace_regs_caller, for the single-step slot of a
 * kprobe the probed instruction.
 */
bool trampoline_find_original(const struct kernel *kernel, gva_t address, gva_t *original);

#endif
