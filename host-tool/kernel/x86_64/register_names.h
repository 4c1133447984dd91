/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How x86-64's registers are called, and how the kernel prints them. */
#ifndef OOPSBT_KERNEL_X86_64_REGISTER_NAMES_H
#define OOPSBT_KERNEL_X86_64_REGISTER_NAMES_H

#include "kernel/registers.h"
#include "kernel/x86_64/registers.h"

#define NUM_X86_64_NAMES 29

/* In the order in which they are shown; RIP, which is shown by its symbol, is not among them. */
extern const struct x86_64_name {
	struct named_register named;
	enum x86_64_register number; /* NUM_X86_64_REGISTERS: unwinding does not know it */
} x86_64_names[NUM_X86_64_NAMES];

/* Of struct named_register: what is known of them. */
GArray *x86_64_name_registers(const struct register_set *set);

#endif
