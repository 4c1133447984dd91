/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between the architectures that a guest's kernel may be for. Each has a folder of
 * this name with all it knows; nothing outside of these folders names a register.
 */
#ifndef OOPSBT_KERNEL_ARCH_H
#define OOPSBT_KERNEL_ARCH_H

#include "guest/registers.h"
#include "kernel/fit.h"
#include "kernel/register_set.h"
#include "kernel/rule.h"

struct cpu;
struct kernel;
struct stack;
struct walk;

#define ARCH_MAX_ARGUMENTS 8

struct arch {
	const char *name;      /* as uname(1) says it */
	uint64_t link_address; /* of _text in vmlinux: what KASLR moves it from */

	/* A vCPU's registers. */
	void (*load_registers)(const struct vcpu_registers *vcpu, struct register_set *set);
	/* The registers that a task saved on its stack at @sp as it was switched out. */
	bool (*load_switched_out)(struct walk *walk, gva_t sp);
	bool (*in_user_mode)(const struct register_set *set); /* false where it is not known */
	/* What is known but the PC, for showing it: of struct named_register. */
	GArray *(*name_registers)(const struct register_set *set);
	/*
	 * Of registers by name in a function: its first argument, then what else may still have it.
	 * Returns how many.
	 */
	size_t (*first_argument)(const GArray *registers, uint64_t values[ARCH_MAX_ARGUMENTS]);

	/* Whether the vCPU runs this kernel. Never VCPU_TWIN. */
	enum vcpu_fit (*fit)(const struct kernel *kernel, const struct vcpu_registers *vcpu);
	/* It will never run again: halted with interrupts off, as Linux leaves CPUs it stops. */
	bool (*is_stopped)(const struct vcpu_registers *vcpu);
	/* Does it take interrupts, by its own flag? */
	bool (*interrupts_on)(const struct vcpu_registers *vcpu);
	/* Which Linux CPU a vCPU is, by what the kernel has told the hardware. False: not known. */
	bool (*find_cpu_number)(const struct kernel *kernel, const struct vcpu_registers *vcpu,
				unsigned int *number);
	/* Adds the stacks that hardware knows of; those that the kernel has for each CPU. */
	void (*add_hardware_stacks)(const struct kernel *kernel, struct cpu *cpu);
	void (*add_cpu_stacks)(const struct kernel *kernel, struct cpu *cpu);
	/* Where the stack pointer was when @stack, which is in use, came into use; not for a
	 * task's. */
	bool (*previous_sp)(const struct kernel *kernel, const struct stack *stack, gva_t *sp);

	/*
	 * The rule for the frame where @walk stands. False, with the walk stopped, where there is
	 * none.
	 */
	bool (*find_rule)(struct walk *walk, struct rule *rule);
	/* Control comes back to @pc, which the frame above was found with: was it trapped there, so
	 * that what counts is the instruction before? */
	bool (*is_behind_trap)(const struct walk *walk, gva_t pc);
	/* Is @pc, a return address, where a task begins that has never run? */
	bool (*is_start_of_task)(const struct kernel *kernel, gva_t pc);
	/* Are registers that were saved up to @end of a task's @stack those of user mode, if it had
	 * any? Then nothing is above. */
	bool (*is_user_entry)(const struct stack *stack, gva_t end);
	/* Does this function run only while the kernel tells of an oops, on the stack of the fault?
	 */
	bool (*is_telling_of_oops)(const char *function);
};

extern const struct arch arch_x86_64;

/* Of the kernel that was found. */
const struct arch *kernel_arch(const struct kernel *kernel);

#endif
