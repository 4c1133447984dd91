/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A CPU's backtrace, from its registers and its captured stacks: by ORC where the code has it;
 * generated code (BPF, trampolines) by frame pointer, as the kernel does; a kernel without ORC by
 * frame pointers if it keeps them, else by looking for return addresses.
 *
 * Every step must move up its stack or to another one not yet seen, so the walk ends.
 */
#ifndef OOPSBT_KERNEL_UNWIND_H
#define OOPSBT_KERNEL_UNWIND_H

#include "kernel/cpu.h"

#define UNWIND_MAX_FRAMES 512

struct unwind_result {
	GArray *frames; /* of struct frame, innermost first, without symbols */
	char *stopped;	/* why the walk ended before the stack did, or NULL */
};

/* The kernel's modules should be loaded. Free with unwind_result_clear(). */
void unwind_cpu(const struct kernel *kernel, const struct cpu *cpu, struct unwind_result *result);
/*
 * The same of a task that does not run: from the stack pointer @sp that was saved when it was
 * switched out, up its stack, which begins at @stack.
 */
void unwind_task(const struct kernel *kernel, gva_t task, gva_t stack, gva_t sp,
		 struct unwind_result *result);
void unwind_result_clear(struct unwind_result *result);

#endif
