/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers by name, so that who shows them need not know an architecture. */
#ifndef OOPSBT_KERNEL_REGISTERS_H
#define OOPSBT_KERNEL_REGISTERS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct named_register {
	const char *name;  /* static: "rax" */
	const char *label; /* static: as the kernel prints it, "RAX" */
	int digits;	   /* hexadecimal ones to show */
	unsigned int row;  /* registers of one row stand on one line */
	uint64_t value;
};

/* The register of that name, or NULL; @registers may be NULL. */
struct named_register *named_register_at(const GArray *registers, const char *name);

/* False: @registers (array of struct named_register, or NULL) has none of that name. */
bool named_register_find(const GArray *registers, const char *name, uint64_t *value);

#endif
