// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/frame.h"

const char *stack_kind_name(enum stack_kind kind)
{
	static const char *const names[NUM_STACK_KINDS] = {
		[STACK_UNKNOWN] = "unknown",   [STACK_TASK] = "task",
		[STACK_IRQ] = "irq",	       [STACK_NMI] = "nmi",
		[STACK_DOUBLE_FAULT] = "#DF",  [STACK_DEBUG] = "#DB",
		[STACK_MACHINE_CHECK] = "#MC", [STACK_VMM_COMMUNICATION] = "#VC",
		[STACK_ENTRY] = "entry",       [STACK_USER] = "user",
	};

	return names[kind];
}

static void clear(struct frame *frame)
{
	g_clear_pointer(&frame->registers, g_array_unref);
	resolved_symbol_clear(&frame->symbol);
}

GArray *frames_new(void)
{
	GArray *frames = g_array_new(FALSE, TRUE, sizeof(struct frame));

	g_array_set_clear_func(frames, (GDestroyNotify)clear);
	return frames;
}
