/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface to the code for one guest architecture. Each architecture has a folder of its name.
 * No code outside these folders names a register.
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
	const char *name;      /* as uname(1) prints it */
	uint64_t link_address; /* of _text in vmlinux; KASLR moves the kernel away from it */

	/* Copies the registers of a vCPU. */
	void (*load_registers)(const struct vcpu_registers *vcpu, struct register_set *set);
	/* Reads the registers that a task saved on its stack at @sp when it was switched out. */
	bool (*load_switched_out)(struct walk *walk, gva_t sp);
	bool (*in_user_mode)(const struct register_set *set); /* false: kernel mode or unknown */
	/*
	 * Returns the known registers except the PC, for display: array of struct named_register.
	 */
	GArray *(*name_registers)(const struct register_set *set);
	/*
	 * Finds candidates for a function's first argument: the argument register, then the
	 * registers in which a compiler may keep it. Returns their number.
	 */
	size_t (*first_argument)(const GArray *registers, uint64_t values[ARCH_MAX_ARGUMENTS]);

	/* Does the vCPU run this kernel? Never returns VCPU_TWIN. */
	enum vcpu_fit (*fit)(const struct kernel *kernel, const struct vcpu_registers *vcpu);
	/*
	 * Is the vCPU halted with interrupts off? Linux leaves the CPUs that it stops in this
	 * state.
	 */
	bool (*is_stopped)(const struct vcpu_registers *vcpu);
	/* Is the interrupt flag set? */
	bool (*interrupts_on)(const struct vcpu_registers *vcpu);
	/* Finds the Linux CPU number from what the kernel told the hardware. False: unknown. */
	bool (*find_cpu_number)(const struct kernel *kernel, const struct vcpu_registers *vcpu,
				unsigned int *number);
	/*
	 * Add the stacks that the hardware knows; add the stacks that the kernel keeps for each
	 * CPU.
	 */
	void (*add_hardware_stacks)(const struct kernel *kernel, struct cpu *cpu);
	void (*add_cpu_stacks)(const struct kernel *kernel, struct cpu *cpu);
	/*
	 * Finds the stack pointer from before the switch to @stack, which is in use. Not for task
	 * stacks.
	 */
	bool (*previous_sp)(const struct kernel *kernel, const struct stack *stack, gva_t *sp);

	/*
	 * Finds the rule for the frame where @walk stands. If there is none, stops the walk and
	 * returns false.
	 */
	bool (*find_rule)(struct walk *walk, struct rule *rule);
	/*
	 * The frame above was found with @pc, the place where control returns. Was it trapped
	 * there? Then the instruction before @pc counts.
	 */
	bool (*is_behind_trap)(const struct walk *walk, gva_t pc);
	/* Is the return address @pc the start of a task that has never run? */
	bool (*is_start_of_task)(const struct kernel *kernel, gva_t pc);
	/*
	 * For a task with a user mode: true if the registers saved up to @end of its @stack are
	 * those of user mode. Then no frame is above.
	 */
	bool (*is_user_entry)(const struct stack *stack, gva_t end);
	/* Does the kernel run this function only to report an oops, on the stack of the fault? */
	bool (*is_telling_of_oops)(const char *function);
};

extern const struct arch arch_x86_64;

/* The architecture of the kernel that was found. */
const struct arch *kernel_arch(const struct kernel *kernel);

#endif
