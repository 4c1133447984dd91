/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One machine instruction, as bytes and as text. */
#ifndef OOPSBT_KERNEL_INSTRUCTION_H
#define OOPSBT_KERNEL_INSTRUCTION_H

#include <glib.h>
#include <stdbool.h>

#include "base/maybe.h"
#include "guest/address.h"

#define INSTRUCTION_MAX 15 /* bytes */

struct instruction {
	gva_t address;
	uint8_t bytes[INSTRUCTION_MAX];
	unsigned int length;	  /* bytes */
	char *text;		  /* "movl $1, (%rdi)" */
	struct maybe_uint target; /* of a direct call or jump */
	bool at_fault;		  /* the CPU was about to run this one */
	char *target_name;	  /* "function+0x0/0x30"; NULL: no symbol is known */
};

GArray *instructions_new(void); /* of struct instruction, whose strings it owns */

#endif
