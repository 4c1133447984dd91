/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One vCPU as the kernel knows it: which CPU it is, what it runs, and the stacks it may be on.
 * All of it is state that changes while the guest runs: read it while it is frozen.
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
	/* Bytes at its end above what is pushed when it comes into use by an exception. */
	unsigned int padding;
};

#define CPU_MAX_STACKS 12

struct cpu {
	const struct vcpu_registers *registers;
	enum vcpu_fit fit;   /* nothing below is known if it does not run this kernel */
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

/* Of vCPUs that claim to be the same CPU none is believed. @cpus: what cpu_identify() said. */
void cpu_reject_twins(struct cpu *cpus, unsigned int num_cpus);

/* Reads into the snapshot what unwinding and describing this CPU will need. */
void cpu_capture(const struct kernel *kernel, const struct cpu *cpu);

/* The stack that @sp points into, or NULL. */
const struct stack *cpu_find_stack(const struct cpu *cpu, gva_t sp);

/* The task's stack that @sp has run out of, into the guard page below it, or NULL. */
const struct stack *cpu_find_overflowed_stack(const struct cpu *cpu, gva_t sp);

/* --- for struct arch: what identifying a CPU takes --- */

/* How many CPUs there may be, at most; what to add to a per-CPU symbol for CPU @number. */
unsigned int cpu_count_possible(const struct kernel *kernel);
bool cpu_percpu_base(const struct kernel *kernel, unsigned int number, gva_t *base);

/* Per-CPU memory of @cpu, whose `percpu` is known. Notes what was late. */
bool cpu_read_percpu(const struct kernel *kernel, struct cpu *cpu, enum kernel_symbol symbol,
		     uint64_t offset, void *buffer, size_t length);
/* The same for what is a symbol of its own, or a member of pcpu_hot (6.2 to 6.14). */
bool cpu_read_hot(const struct kernel *kernel, struct cpu *cpu, enum kernel_symbol symbol,
		  enum kernel_field field, void *buffer, size_t length);

void cpu_add_stack(struct cpu *cpu, enum stack_kind kind, uint64_t low, uint64_t high);

#endif
