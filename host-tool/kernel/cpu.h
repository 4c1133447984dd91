/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One vCPU as the kernel knows it: which CPU it is, what it runs, and the stacks it may be on.
 * All of it is state that changes while the guest runs: read it while it is frozen.
 */
#ifndef OOPSBT_KERNEL_CPU_H
#define OOPSBT_KERNEL_CPU_H

#include "guest/registers.h"
#include "kernel/frame.h"
#include "kernel/kernel.h"

struct stack {
	enum stack_kind kind;
	gva_t low, high; /* [low, high) */
};

#define CPU_MAX_STACKS 12

struct cpu {
	const struct vcpu_registers *registers;
	bool known;	     /* number and percpu are */
	bool late;	     /* some of it was read after the thaw */
	unsigned int number; /* Linux CPU number */
	gva_t percpu;	     /* to add to a per-CPU symbol */
	gva_t current;	     /* task_struct; 0 unknown */
	gva_t stack_task; /* the task whose stack is in use where that is not `current`, else 0 */
	bool preempt_known;
	uint32_t preempt_count;
	unsigned int num_stacks;
	struct stack stacks[CPU_MAX_STACKS];
};

/* Finds out as much as can be; never fails, since a vCPU may be anywhere. */
void cpu_identify(const struct kernel *kernel, const struct vcpu_registers *registers,
		  struct cpu *cpu);

/* Reads into the snapshot what unwinding and describing this CPU will need. */
void cpu_capture(const struct kernel *kernel, const struct cpu *cpu);

/* The stack that @sp points into, or NULL. */
const struct stack *cpu_find_stack(const struct cpu *cpu, gva_t sp);

/* Where the stack pointer was when @stack, which is in use, came into use; false for a task's. */
bool cpu_previous_sp(const struct kernel *kernel, const struct stack *stack, gva_t *sp);

bool cpu_in_user_mode(const struct cpu *cpu);

#endif
