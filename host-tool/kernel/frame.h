/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One frame of a backtrace: a code address and the stack of the frame. */
#ifndef OOPSBT_KERNEL_FRAME_H
#define OOPSBT_KERNEL_FRAME_H

#include <glib.h>
#include <stdbool.h>

#include "guest/address.h"
#include "kernel/registers.h"
#include "kernel/symbol.h"

/* The purpose of a stack. The exceptions with their own stacks are those of x86. */
enum stack_kind {
	STACK_UNKNOWN,
	STACK_TASK,
	STACK_IRQ,
	STACK_NMI,
	STACK_DOUBLE_FAULT,
	STACK_DEBUG,
	STACK_MACHINE_CHECK,
	STACK_VMM_COMMUNICATION,
	STACK_ENTRY, /* the start of an entry from user mode */
	STACK_USER,  /* not the kernel's: the boundary to user mode */
	NUM_STACK_KINDS
};

/* "task", "irq", "nmi", "#DF", "#DB", "#MC", "#VC", "entry", "user", "unknown": static. */
const char *stack_kind_name(enum stack_kind kind);

struct frame {
	gva_t pc;
	gva_t sp; /* of this frame while control is at pc */
	enum stack_kind stack;
	bool interrupted; /* pc was interrupted and is not a return address */
	bool reliable;
	bool late; /* found through stack memory that was read after the thaw */
	/* The symbol of pc or, for a return address, of the call before it. */
	struct resolved_symbol symbol;
	/*
	 * The registers that were saved when control left this frame by an exception, an interrupt
	 * or a system call. Array of struct named_register, without the PC. NULL: control left by a
	 * call, or this is the innermost frame.
	 */
	GArray *registers;
};

GArray *frames_new(void); /* of struct frame, which it owns */

#endif
