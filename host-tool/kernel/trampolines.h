/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Return addresses that tracing has replaced: the function graph tracer puts return_to_handler
 * in a return address's place, kretprobes put their trampoline there. The real ones are kept
 * in the task. And code that tracing has generated: an ftrace_ops' own copy of ftrace_caller.
 */
#ifndef OOPSBT_KERNEL_TRAMPOLINES_H
#define OOPSBT_KERNEL_TRAMPOLINES_H

#include "kernel/kernel.h"

/*
 * The true return address for @address, which was found at stack slot @slot of @task: @address
 * itself unless it is one of the trampolines. False if it is, and the true one can't be found.
 */
bool trampoline_recover(const struct kernel *kernel, gva_t task, gva_t slot, gva_t *address);

/* Reads into the snapshot what trampoline_recover() will need of @task: it changes as it runs. */
void trampoline_capture(const struct kernel *kernel, gva_t task);

/*
 * If @address lies in code that was copied from somewhere, sets *@original to the instruction it
 * is a copy of: in an ftrace_ops' trampoline that of ftrace_caller or ftrace_regs_caller, in the
 * slot where a kprobe single-steps, that under the probe.
 */
bool trampoline_find_original(const struct kernel *kernel, gva_t address, gva_t *original);

#endif
