// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/waits.h"

#define PREV 8 /* struct list_head { next, prev } */

static const char too_many[] = "there are more waiters than are looked at";
static const char too_late[] = "the time for it was over";

struct waits *waits_new(const struct kernel *kernel, const struct tasks *tasks, int64_t deadline_us)
{
	struct waits *waits = g_new(struct waits, 1);

	waits->kernel = kernel;
	waits->tasks = tasks;
	waits->deadline_us = deadline_us;
	waits->locks = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	waits->num = 0;
	waits->stopped = NULL;
	waits->num_words = 0;
	return waits;
}

void waits_free(struct waits *waits)
{
	g_hash_table_unref(waits->locks);
	g_free(waits);
}

void waits_read_stack(struct waits *waits, const struct task_entry *sleeper)
{
	const struct kernel *kernel = waits->kernel;
	gva_t at = gva(sleeper->sp.value);
	gva_t end = gva_add(sleeper->stack, kernel->map->stack_size);

	waits->sleeper = *sleeper;
	waits->num_words = 0;
	waits->stack_late = false;
	if (!task_has_stack(kernel, sleeper))
		return;
	while (at.value < end.value) {
		uint64_t part =
			MIN(end.value - at.value, GUEST_PAGE_SIZE - at.value % GUEST_PAGE_SIZE);

		if (!address_space_read(&kernel->space, at, waits->words + waits->num_words, part,
					&waits->stack_late, NULL))
			return;
		waits->num_words += part / 8;
		at = gva_add(at, part);
	}
}

static bool read_word(const struct waits *waits, gva_t address, uint64_t *value, bool *late)
{
	return address.value % 8 == 0 && kernel_is_kernel_address(waits->kernel, address) &&
	       address_space_read(&waits->kernel->space, address, value, 8, late, NULL);
}

static uint64_t field(const struct waits *waits, enum kernel_field which)
{
	return (uint64_t)waits->kernel->map->fields[which];
}

/* The next node of a list, if it points back to @node. */
static bool follow(const struct waits *waits, gva_t node, gva_t *next, bool *late)
{
	uint64_t back;

	return read_word(waits, node, &next->value, late) &&
	       read_word(waits, gva_add(*next, PREV), &back, late) && back == node.value;
}

/* Is @node part of a waiter on the stack of the task that the waiter names? */
static bool is_waiter(const struct waits *waits, const struct waiter_layout *layout, gva_t node)
{
	const struct task_entry *entry;
	bool late = false;
	uint64_t task;

	if (!read_word(waits,
		       gva(node.value - field(waits, layout->list) + field(waits, layout->task)),
		       &task, &late))
		return false;
	entry = tasks_find(waits->tasks, gva(task));
	return entry && entry->stack.value &&
	       node.value - entry->stack.value < waits->kernel->map->stack_size;
}

/* One node may be checked as part of several kinds of waiter. */
static uint64_t key_of(const struct waiter_layout *layout, gva_t node)
{
	return node.value ^ (uint64_t)layout->list << 48;
}

struct known_lock {
	gva_t lock;
	bool late;
};

static void remember(struct waits *waits, const struct waiter_layout *layout, const GArray *nodes,
		     const struct known_lock *known)
{
	for (guint i = 0; i < nodes->len; i++) {
		uint64_t key = key_of(layout, g_array_index(nodes, gva_t, i));

		g_hash_table_insert(waits->locks, g_memdup2(&key, sizeof(key)),
				    g_memdup2(known, sizeof(*known)));
	}
}

static bool may_go_on(struct waits *waits)
{
	if (waits->num >= WAITS_MAX)
		waits->stopped = too_many;
	else if (waits->deadline_us && g_get_monotonic_time() >= waits->deadline_us)
		waits->stopped = too_late;
	else
		waits->num++;
	return !waits->stopped;
}

/*
 * Walks the ring once, from a waiter's node @first. Returns the one node that belongs to no waiter.
 */
static gva_t lock_of_ring(struct waits *waits, const struct waiter_layout *layout, gva_t first,
			  GArray *nodes, bool *late)
{
	gva_t node = first, head = gva(0), next;

	do {
		if (!may_go_on(waits))
			return gva(0);
		g_array_append_val(nodes, node);
		if (!is_waiter(waits, layout, node)) {
			if (head.value)
				return gva(0);
			head = node;
		}
		if (!follow(waits, node, &next, late) ||
		    (next.value != first.value &&
		     g_hash_table_contains(waits->locks, &(uint64_t){key_of(layout, next)})))
			return gva(0);
		node = next;
	} while (node.value != first.value);
	return head.value ? gva(head.value - field(waits, layout->head)) : head;
}

static gva_t lock_of_node(struct waits *waits, const struct waiter_layout *layout, gva_t node,
			  bool *late)
{
	uint64_t key = key_of(layout, node);
	const struct known_lock *known = g_hash_table_lookup(waits->locks, &key);
	struct known_lock found = {0};

	if (!known) {
		g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(gva_t));

		found.lock = lock_of_ring(waits, layout, node, nodes, &found.late);
		remember(waits, layout, nodes, &found);
		known = &found;
	}
	*late |= known->late;
	return known->lock;
}

gva_t waits_next_waiter(const struct waits *waits, enum kernel_field list, enum kernel_field task,
			gva_t previous, bool *late)
{
	uint64_t sp = waits->sleeper.sp.value, begin = 0;

	if (!kernel_has(waits->kernel, list) || !kernel_has(waits->kernel, task))
		return gva(0);
	if (previous.value)
		begin = (previous.value + field(waits, task) - sp) / 8 + 1;
	for (uint64_t i = begin; i < waits->num_words; i++) {
		gva_t waiter = gva(sp + 8 * i - field(waits, task)), node, next;

		node = gva_add(waiter, field(waits, list));
		if (waits->words[i] != waits->sleeper.address.value || waiter.value < sp ||
		    !follow(waits, node, &next, late) || next.value == node.value)
			continue;
		*late |= waits->stack_late;
		return waiter;
	}
	return gva(0);
}

gva_t waits_lock(struct waits *waits, const struct waiter_layout *layout, bool *late)
{
	gva_t waiter = gva(0), lock = gva(0);

	if (!kernel_has(waits->kernel, layout->head))
		return lock;
	do {
		waiter = waits_next_waiter(waits, layout->list, layout->task, waiter, late);
		if (waiter.value)
			lock = lock_of_node(waits, layout,
					    gva_add(waiter, field(waits, layout->list)), late);
	} while (waiter.value && !lock.value);
	return lock;
}
