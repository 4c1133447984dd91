/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers by name: code that shows them need not know the architecture. */
#ifndef OOPSBT_KERNEL_REGISTERS_H
#define OOPSBT_KERNEL_REGISTERS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct named_register {
	const char *name;  /* static: "rax" */
	const char *label; /* static: as the kernel prints it, "RAX" */
	int digits;	   /* hexadecimal digits to show */
	unsigned int row;  /* registers with the same row go on the same line */
	uint64_t value;
};

/* The register with this name, or NULL; @registers may be NULL. */
struct named_register *named_register_at(const GArray *registers, const char *name);

/* False: @registers (array of struct named_register, or NULL) has no register with this name. */
bool named_register_find(const GArray *registers, const char *name, uint64_t *value);

#endif
