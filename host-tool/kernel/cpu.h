/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One vCPU as the kernel sees it: its CPU number, its current task, and its stacks. All of this
 * state changes while the guest runs: read it while the guest is frozen.
 */
#ifndef OOPSBT_KERNEL_CPU_H
#define OOPSBT_KERNEL_CPU_H

#include "guest/registers.h"
#include "kernel/fit.h"
#include "kernel/frame.h"
#include "kernel/kernel.h"

struct stack {
	enum stack_kind kind;
	gva_t low, high; /* [low, high) */
	/* Bytes at the high end that an exception leaves free when it enters the stack. */
	unsigned int padding;
};

#define CPU_MAX_STACKS 12

struct cpu {
	const struct vcpu_registers *registers;
	enum vcpu_fit fit;   /* unless VCPU_FITS, nothing below is known */
	bool known;	     /* number and percpu are known */
	bool late;	     /* some of it was read after the thaw */
	unsigned int number; /* Linux CPU number */
	gva_t percpu;	     /* add it to the value of a per-CPU symbol */
	gva_t current;	     /* task_struct; 0: unknown */
	gva_t stack_task;    /* the task whose stack is in use, if not `current`; else 0 */
	bool preempt_known;
	uint32_t preempt_count;
	unsigned int num_stacks;
	struct stack stacks[CPU_MAX_STACKS];
};

/* Finds out as much as possible. Never fails, since a vCPU may be anywhere. */
void cpu_identify(const struct kernel *kernel, const struct vcpu_registers *registers,
		  struct cpu *cpu);

/* Rejects all vCPUs that claim the same CPU number. @cpus: results of cpu_identify(). */
void cpu_reject_twins(struct cpu *cpus, unsigned int num_cpus);

/* Reads into the snapshot the memory that unwinding and describing this CPU needs. */
void cpu_capture(const struct kernel *kernel, const struct cpu *cpu);

/* The stack that @sp points into, or NULL. */
const struct stack *cpu_find_stack(const struct cpu *cpu, gva_t sp);

/* If @sp is in the guard page below a task's stack: that stack. Else NULL. */
const struct stack *cpu_find_overflowed_stack(const struct cpu *cpu, gva_t sp);

/* --- for struct arch: steps that identify a CPU --- */

/* The maximum number of CPUs; the offset of CPU @number's per-CPU variables. */
unsigned int cpu_count_possible(const struct kernel *kernel);
bool cpu_percpu_base(const struct kernel *kernel, unsigned int number, gva_t *base);

/* Reads per-CPU memory of @cpu, whose `percpu` must be known. Sets `late`. */
bool cpu_read_percpu(const struct kernel *kernel, struct cpu *cpu, enum kernel_symbol symbol,
		     uint64_t offset, void *buffer, size_t length);
/* The same for a variable that is a symbol or a member of pcpu_hot (6.2 to 6.14). */
bool cpu_read_hot(const struct kernel *kernel, struct cpu *cpu, enum kernel_symbol symbol,
		  enum kernel_field field, void *buffer, size_t length);

void cpu_add_stack(struct cpu *cpu, enum stack_kind kind, uint64_t low, uint64_t high);

#endif
