/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of struct arch for CPUs: see there. */
#ifndef OOPSBT_KERNEL_X86_64_CPU_H
#define OOPSBT_KERNEL_X86_64_CPU_H

#include "kernel/cpu.h"

enum vcpu_fit x86_64_fit(const struct kernel *kernel, const struct vcpu_registers *vcpu);
bool x86_64_is_stopped(const struct vcpu_registers *vcpu);
/*
 * Finds the CPU number that the kernel keeps in each CPU's GDT for getcpu(2). Works in user mode,
 * too.
 */
bool x86_64_number_from_gdt(const struct kernel *kernel, const struct vcpu_registers *vcpu,
			    unsigned int *number);
bool x86_64_find_cpu_number(const struct kernel *kernel, const struct vcpu_registers *vcpu,
			    unsigned int *number);
void x86_64_add_hardware_stacks(const struct kernel *kernel, struct cpu *cpu);
void x86_64_add_cpu_stacks(const struct kernel *kernel, struct cpu *cpu);
bool x86_64_previous_sp(const struct kernel *kernel, const struct stack *stack, gva_t *sp);

#endif
