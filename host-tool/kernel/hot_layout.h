/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the members of struct pcpu_hot (6.2 to 6.14, arch/x86/include/asm/current.h) for a kernel
 * without BTF. Their order is fixed, also with CONFIG_RANDSTRUCT:
 *
 * 	 0	current_task
 * 	 8	preempt_count
 * 	12	cpu_number
 * 	16	call_depth, with CONFIG_CALL_DEPTH_TRACKING only: then the rest is 8 higher
 * 	16	top_of_stack
 * 	24	hardirq_stack_ptr
 * 	32	softirq_pending, hardirq_stack_inuse
 *
 * hardirq_stack_ptr leads to the last word of a stack: map_irq_stack() in arch/x86/kernel/irq_64.c.
 * No other value at 24 or 32 leads to the last word of a page.
 */
#ifndef OOPSBT_KERNEL_HOT_LAYOUT_H
#define OOPSBT_KERNEL_HOT_LAYOUT_H

#include "kernel/map.h"

/*
 * Fills the map's fields of pcpu_hot, if the kernel has this variable. hardirq_stack_ptr stays
 * unknown if the first CPU has no IRQ stack yet.
 */
void hot_layout_infer(struct kernel_map *map, const struct address_space *space);

#endif
