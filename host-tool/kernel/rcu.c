// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/rcu.h"

#define PREV 8 /* struct list_head { next, prev } */

static const char broken[] = "a list of them leads nowhere";

static uint64_t offset_of(const struct kernel *kernel, enum kernel_field field)
{
	return (uint64_t)kernel->map->fields[field];
}

static bool has_readers(const struct kernel *kernel)
{
	static const enum kernel_field needed[] = {
		FIELD_rcu_state_node,	    FIELD_rcu_state_level,   SIZE_rcu_node,
		FIELD_rcu_node_blkd_tasks,  FIELD_rcu_node_gp_tasks, FIELD_task_rcu_node_entry,
		FIELD_task_rcu_read_nesting};

	for (size_t i = 0; i < G_N_ELEMENTS(needed); i++)
		if (!kernel_has(kernel, needed[i]))
			return false;
	return kernel->map->symbols[SYMBOL_rcu_state] != 0;
}

/* rcu_state.node has room for all CPUs that the kernel was built for; rcu_num_nodes are in use. */
static unsigned int count_nodes(const struct kernel *kernel)
{
	int32_t begin = kernel->map->fields[FIELD_rcu_state_node];
	int32_t end = kernel->map->fields[FIELD_rcu_state_level];
	int32_t size = kernel->map->fields[SIZE_rcu_node];
	uint32_t num = RCU_MAX_NODES, room;

	if (size <= 0 || end <= begin)
		return 0;
	room = (uint32_t)((end - begin) / size);
	kernel_read_variable(kernel, SYMBOL_rcu_num_nodes, &num, sizeof(num), NULL);
	return MIN(MIN(num, room), RCU_MAX_NODES);
}

static bool read_word(const struct kernel *kernel, gva_t address, gva_t *value, bool *late)
{
	return address.value % 8 == 0 && kernel_is_kernel_address(kernel, address) &&
	       address_space_read(&kernel->space, address, &value->value, 8, late, NULL);
}

/* The next entry of a list, if it points back to @entry. */
static bool follow(const struct kernel *kernel, gva_t entry, gva_t *next, bool *late)
{
	gva_t back;

	return read_word(kernel, entry, next, late) &&
	       read_word(kernel, gva_add(*next, PREV), &back, late) && back.value == entry.value;
}

static void reverse(gva_t *tasks, unsigned int num)
{
	for (unsigned int i = 0; i < num / 2; i++) {
		gva_t other = tasks[num - 1 - i];

		tasks[num - 1 - i] = tasks[i];
		tasks[i] = other;
	}
}

static void add_readers_of(const struct kernel *kernel, gva_t node, struct rcu_readers *readers)
{
	gva_t head = gva_add(node, offset_of(kernel, FIELD_rcu_node_blkd_tasks));
	unsigned int first = readers->num;
	gva_t entry;

	if (!read_word(kernel, gva_add(node, offset_of(kernel, FIELD_rcu_node_gp_tasks)), &entry,
		       &readers->late))
		readers->stopped = "a node of RCU cannot be read";
	while (!readers->stopped && entry.value && entry.value != head.value) {
		if (readers->num == RCU_MAX_READERS) {
			readers->stopped = "there are more than the limit";
			break;
		}
		readers->tasks[readers->num++] =
			gva(entry.value - offset_of(kernel, FIELD_task_rcu_node_entry));
		if (!follow(kernel, entry, &entry, &readers->late))
			readers->stopped = broken;
	}
	reverse(readers->tasks + first, readers->num - first);
}

void rcu_find_readers(const struct kernel *kernel, struct rcu_readers *readers)
{
	unsigned int num;
	gva_t node;

	*readers = (struct rcu_readers){0};
	if (!has_readers(kernel))
		return;
	num = count_nodes(kernel);
	node = gva(kernel->map->symbols[SYMBOL_rcu_state] +
		   offset_of(kernel, FIELD_rcu_state_node));
	for (unsigned int i = 0; i < num && !readers->stopped; i++) {
		add_readers_of(kernel, node, readers);
		node = gva_add(node, offset_of(kernel, SIZE_rcu_node));
	}
}

struct maybe_int rcu_depth(const struct kernel *kernel, gva_t task, bool *late)
{
	int32_t depth;

	if (!kernel_has(kernel, FIELD_task_rcu_read_nesting) ||
	    !kernel_read_state(kernel, task, FIELD_task_rcu_read_nesting, &depth, sizeof(depth),
			       late, NULL))
		return (struct maybe_int){0};
	return (struct maybe_int){true, depth};
}
