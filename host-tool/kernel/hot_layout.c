// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/hot_layout.h"

#include "kernel/cpu.h"

#define CURRENT_TASK 0
#define PREEMPT_COUNT 8
#define HARDIRQ_STACK_PTR 24
#define HARDIRQ_STACK_PTR_DEEP 32 /* with call depth tracking */

/* Does the word at @offset of the first CPU's pcpu_hot lead to the last word of a page? */
static bool leads_to_stack(const struct kernel *kernel, gva_t hot, int32_t offset)
{
	uint64_t value;

	return address_space_read_u64(&kernel->space, gva_add(hot, (uint64_t)offset), &value,
				      NULL) &&
	       kernel_is_kernel_address(kernel, gva(value)) && (value + 8) % GUEST_PAGE_SIZE == 0;
}

void hot_layout_infer(struct kernel_map *map, const struct address_space *space)
{
	const struct kernel kernel = {.map = map, .space = *space};
	uint64_t symbol = map->symbols[SYMBOL_pcpu_hot];
	gva_t hot;

	if (!symbol || !cpu_percpu_base(&kernel, 0, &hot))
		return;
	hot = gva_add(hot, symbol);
	map->fields[FIELD_pcpu_hot_current_task] = CURRENT_TASK;
	map->fields[FIELD_pcpu_hot_preempt_count] = PREEMPT_COUNT;
	if (leads_to_stack(&kernel, hot, HARDIRQ_STACK_PTR))
		map->fields[FIELD_pcpu_hot_hardirq_stack_ptr] = HARDIRQ_STACK_PTR;
	else if (leads_to_stack(&kernel, hot, HARDIRQ_STACK_PTR_DEEP))
		map->fields[FIELD_pcpu_hot_hardirq_stack_ptr] = HARDIRQ_STACK_PTR_DEEP;
}
