/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of x86-64's registers, and how the kernel prints them. */
#ifndef OOPSBT_KERNEL_X86_64_REGISTER_NAMES_H
#define OOPSBT_KERNEL_X86_64_REGISTER_NAMES_H

#include "kernel/registers.h"
#include "kernel/x86_64/registers.h"

#define NUM_X86_64_NAMES 29

/* In display order. RIP is missing: it is shown as a symbol. */
extern const struct x86_64_name {
	struct named_register named;
	enum x86_64_register number; /* NUM_X86_64_REGISTERS: unwinding does not know it */
} x86_64_names[NUM_X86_64_NAMES];

/* The known registers: array of struct named_register. */
GArray *x86_64_name_registers(const struct register_set *set);

#endif
