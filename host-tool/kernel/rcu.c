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
		FIELD_rcu_node_blkd_tasks, FIELD_rcu_node_gp_tasks, FIELD_task_rcu_node_entry,
		FIELD_task_rcu_read_nesting};

	for (size_t i = 0; i < G_N_ELEMENTS(needed); i++)
		if (!kernel_has(kernel, needed[i]))
			return false;
	return true;
}

/* rcu_state.node has room for all CPUs that the kernel was built for; rcu_num_nodes are in use. */
static unsigned int count_nodes(const struct kernel *kernel)
{
	int32_t begin = kernel->map->fields[FIELD_rcu_state_node];
	int32_t end = kernel->map->fields[FIELD_rcu_state_level];
	int32_t size = kernel->map->fields[SIZE_rcu_node];
	uint32_t num = RCU_MAX_NODES, room;

	if (!kernel->map->symbols[SYMBOL_rcu_state] || size <= 0 || begin < 0 || end <= begin)
		return 0;
	room = (uint32_t)((end - begin) / size);
	kernel_read_variable(kernel, SYMBOL_rcu_num_nodes, &num, sizeof(num), NULL);
	return MIN(MIN(num, room), RCU_MAX_NODES);
}

static gva_t node_at(const struct kernel *kernel, unsigned int number)
{
	return gva(kernel->map->symbols[SYMBOL_rcu_state] +
		   offset_of(kernel, FIELD_rcu_state_node) +
		   number * offset_of(kernel, SIZE_rcu_node));
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
	unsigned int num = has_readers(kernel) ? count_nodes(kernel) : 0;

	*readers = (struct rcu_readers){0};
	for (unsigned int i = 0; i < num && !readers->stopped; i++)
		add_readers_of(kernel, node_at(kernel, i), readers);
}

static bool read_group(const struct kernel *kernel, gva_t node, struct rcu_group *group, bool *late)
{
	return kernel_read_state(kernel, node, FIELD_rcu_node_grplo, &group->first, 4, late,
				 NULL) &&
	       kernel_read_state(kernel, node, FIELD_rcu_node_grphi, &group->last, 4, late, NULL) &&
	       kernel_read_state(kernel, node, FIELD_rcu_node_level, &group->level, 1, late,
				 NULL) &&
	       kernel_read_state(kernel, node, FIELD_rcu_node_qsmask, &group->mask, 8, late, NULL);
}

void rcu_read_cpus(const struct kernel *kernel, struct rcu_cpus *cpus)
{
	unsigned int num = count_nodes(kernel);

	cpus->num = 0;
	cpus->late = false;
	for (unsigned int i = 0; i < num; i++)
		cpus->num += read_group(kernel, node_at(kernel, i), &cpus->groups[cpus->num],
					&cpus->late);
}

struct maybe_int rcu_waits_for(const struct rcu_cpus *cpus, int64_t number)
{
	const struct rcu_group *lowest = NULL;

	for (unsigned int i = 0; i < cpus->num; i++) {
		const struct rcu_group *group = &cpus->groups[i];

		if (number >= group->first && number <= group->last &&
		    (!lowest || group->level > lowest->level))
			lowest = group;
	}
	if (!lowest || number - lowest->first >= 64)
		return (struct maybe_int){0};
	return (struct maybe_int){true, (int64_t)(lowest->mask >> (number - lowest->first) & 1)};
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
