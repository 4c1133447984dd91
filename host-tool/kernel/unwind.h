/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unwinds a CPU's stacks from its registers and its captured memory: by ORC if the code has it.
 * Generated code (BPF, trampolines) is unwound by frame pointer, as the kernel does it. A kernel
 * without ORC is unwound by frame pointers if it keeps them, else by a search for return addresses.
 *
 * Every step must move up its stack or to an unvisited one, so the walk ends.
 */
#ifndef OOPSBT_KERNEL_UNWIND_H
#define OOPSBT_KERNEL_UNWIND_H

#include "kernel/cpu.h"

#define UNWIND_MAX_FRAMES 512

struct unwind_result {
	GArray *frames; /* of struct frame, innermost first, without symbols */
	char *stopped;	/* why the walk ended before the stack, or NULL */
};

/* Load the kernel's modules before. Free with unwind_result_clear(). */
void unwind_cpu(const struct kernel *kernel, const struct cpu *cpu, struct unwind_result *result);
/*
 * The same for a task that does not run: from @sp, the stack pointer saved when it was switched
 * out, up its stack, which begins at @stack.
 */
void unwind_task(const struct kernel *kernel, gva_t task, gva_t stack, gva_t sp,
		 struct unwind_result *result);
void unwind_result_clear(struct unwind_result *result);

#endif
