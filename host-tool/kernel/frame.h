/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One frame of a backtrace: where control is, and on what stack. */
#ifndef OOPSBT_KERNEL_FRAME_H
#define OOPSBT_KERNEL_FRAME_H

#include <glib.h>
#include <stdbool.h>

#include "guest/address.h"
#include "kernel/registers.h"
#include "kernel/symbol.h"

/* What a stack is for. The exceptions that have stacks of their own are x86's. */
enum stack_kind {
	STACK_UNKNOWN,
	STACK_TASK,
	STACK_IRQ,
	STACK_NMI,
	STACK_DOUBLE_FAULT,
	STACK_DEBUG,
	STACK_MACHINE_CHECK,
	STACK_VMM_COMMUNICATION,
	STACK_ENTRY, /* where an entry from user mode begins */
	STACK_USER,  /* none of the kernel's: the boundary to user mode */
	NUM_STACK_KINDS
};

/* "task", "irq", "nmi", "#DF", "#DB", "#MC", "#VC", "entry", "user", "unknown": static. */
const char *stack_kind_name(enum stack_kind kind);

struct frame {
	gva_t pc;
	gva_t sp; /* of this frame when control is at pc */
	enum stack_kind stack;
	bool interrupted; /* pc is where it was interrupted, not a return address */
	bool reliable;
	bool late; /* found through stack memory that was read after the thaw */
	/* Of pc; of the call before it where that is a return address. */
	struct resolved_symbol symbol;
	/*
	 * What was saved when control left this frame by an exception, an interrupt or a system
	 * call: the state at that moment. Of struct named_register, without the PC; NULL: it left
	 * by a call, or is the innermost.
	 */
	GArray *registers;
};

GArray *frames_new(void); /* of struct frame, which it owns */

#endif
