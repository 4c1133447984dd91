// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tasks that wait for each other, and hold up a grace period, modified by the input: each 8 bytes
 * of the input are an address (4 bytes) and the value to write there (2 bits of kind, 30 bits of an
 * offset in the image or of a small number).
 */
#include <string.h>

#include "../unit/fake_tasks.h"
#include "fuzz.h"
#include "kernel/blocked.h"
#include "kernel/rcu.h"

#define WAITERS_EACH 4
#define NODE_SIZE 0x80
#define BLOCKED_TASKS 0x10 /* in a struct rcu_node */
#define GP_TASKS 0x20
#define RCU_ENTRY 0x200 /* in a task */

static const char *const functions[] = {
	"__mutex_lock", "rwsem_down_read_slowpath", "rwsem_down_write_slowpath",
	"__down",	"wait_for_completion",	    "folio_wait_bit_common",
	"bit_wait",	"futex_wait_queue",	    "do_something"};

/* Lists are at 0, tasks at 16, heads at 16, owners at 0, the fields of a waiter at 24 and 32. */
static void set_fields(struct kernel_map *map)
{
	static const enum kernel_field tasks[] = {
		FIELD_mutex_waiter_task, FIELD_rwsem_waiter_task,   FIELD_semaphore_waiter_task,
		FIELD_swait_queue_task,	 FIELD_wait_entry_task,	    FIELD_page_wait_task,
		FIELD_bit_wait_task,	 FIELD_futex_q_task,	    FIELD_mutex_wait_list,
		FIELD_rwsem_wait_list,	 FIELD_semaphore_wait_list, FIELD_completion_wait_list,
		FIELD_swait_head_list,	 FIELD_wait_head_list};
	static const enum kernel_field lists[] = {
		FIELD_mutex_waiter_list, FIELD_rwsem_waiter_list, FIELD_semaphore_waiter_list,
		FIELD_swait_queue_list,	 FIELD_wait_entry_list,	  FIELD_page_wait_list,
		FIELD_bit_wait_list,	 FIELD_futex_q_list,	  FIELD_mutex_owner,
		FIELD_rwsem_owner,	 FIELD_rt_mutex_owner,	  FIELD_semaphore_last_holder};

	for (size_t i = 0; i < G_N_ELEMENTS(tasks); i++)
		map->fields[tasks[i]] = 16;
	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
		map->fields[lists[i]] = 0;
	map->fields[FIELD_page_wait_page] = 24;
	map->fields[FIELD_bit_wait_word] = 24;
	map->fields[FIELD_futex_q_address] = 24;
	map->fields[FIELD_futex_q_offset] = 32;
	map->fields[FIELD_task_pi_blocked_on] = FAKE_TASK_PI_BLOCKED_ON;
	map->fields[FIELD_task_blocked_on] = FAKE_TASK_BLOCKED_ON;
	map->fields[FIELD_rt_waiter_lock] = 24;
	map->symbols[SYMBOL_rcu_state] = FAKE_TASKS_ADDRESS(FAKE_TASKS_OTHER_LOCK);
	map->fields[FIELD_rcu_state_node] = 0;
	map->fields[FIELD_rcu_state_level] = 4 * NODE_SIZE;
	map->fields[SIZE_rcu_node] = NODE_SIZE;
	map->fields[FIELD_rcu_node_blkd_tasks] = BLOCKED_TASKS;
	map->fields[FIELD_rcu_node_gp_tasks] = GP_TASKS;
	map->fields[FIELD_task_rcu_node_entry] = RCU_ENTRY;
	map->fields[FIELD_task_rcu_read_nesting] = RCU_ENTRY + 16;
	map->fields[FIELD_rcu_node_qsmask] = 0x30;
	map->fields[FIELD_rcu_node_grplo] = 0x38;
	map->fields[FIELD_rcu_node_grphi] = 0x3c;
	map->fields[FIELD_rcu_node_level] = 0x40;
}

/* Tasks 1 to 4 wait for each other in a ring. */
static void put_waiters(struct fake_guest *guest)
{
	uint64_t nodes[1 + WAITERS_EACH] = {FAKE_TASKS_LOCK + 16};

	for (unsigned int i = 1; i <= WAITERS_EACH; i++) {
		nodes[i] = fake_task_stack(i, 0x400);
		fake_put_u64(guest, nodes[i] + 16, FAKE_TASKS_ADDRESS(fake_task(i)));
	}
	fake_link(guest, nodes, G_N_ELEMENTS(nodes));
	fake_put_u64(guest, FAKE_TASKS_LOCK, FAKE_TASKS_ADDRESS(fake_task(5)));
}

/* Tasks 1 and 2 hold up the grace period. */
static void put_readers(struct fake_guest *guest)
{
	const uint64_t node = FAKE_TASKS_OTHER_LOCK;
	const uint64_t list[] = {node + BLOCKED_TASKS, fake_task(2) + RCU_ENTRY,
				 fake_task(1) + RCU_ENTRY};

	fake_link(guest, list, G_N_ELEMENTS(list));
	fake_put_u64(guest, node + GP_TASKS, FAKE_TASKS_ADDRESS(list[1]));
}

static void bend(struct fake_guest *guest, const uint8_t *bytes, size_t length)
{
	for (; length >= 8; bytes += 8, length -= 8) {
		uint32_t where, what;

		memcpy(&where, bytes, 4);
		memcpy(&what, bytes + 4, 4);
		fake_put_u64(guest, where % (FAKE_TASKS_END - 8) & ~7u,
			     what >> 30 == 0   ? what
			     : what >> 30 == 1 ? UINT64_MAX - (what & 0xffff)
					       : FAKE_TASKS_ADDRESS(what % FAKE_TASKS_END));
	}
}

static void ask(struct waits *waits, const struct task_entry *entry)
{
	for (size_t i = 0; i < G_N_ELEMENTS(functions); i++) {
		g_autoptr(GArray) frames = frames_new();
		struct frame frame = {.reliable = true, .symbol.name = g_strdup(functions[i])};
		struct blocked blocked;

		g_array_append_val(frames, frame);
		blocked_find(waits, entry, frames, &blocked);
		if (blocked.owner.value && !tasks_find(waits->tasks, blocked.owner))
			abort();
	}
	blocked_capture(waits, entry);
}

static void find_readers(const struct kernel *kernel)
{
	struct rcu_readers readers;
	struct rcu_cpus cpus;
	bool late;

	rcu_find_readers(kernel, &readers);
	if (readers.num > RCU_MAX_READERS)
		abort();
	for (unsigned int i = 0; i < readers.num; i++)
		rcu_depth(kernel, readers.tasks[i], &late);
	rcu_read_cpus(kernel, &cpus);
	if (cpus.num > 4)
		abort();
	for (int64_t i = -1; i < 70; i++)
		rcu_waits_for(&cpus, i);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct fake_guest guest;
	g_autoptr(KernelMap) map = NULL;
	struct kernel kernel;
	struct tasks tasks;
	struct waits *waits;

	if (!guest.ram)
		fake_guest_init(&guest, 2 << 20);
	fake_tasks_put(&guest);
	put_waiters(&guest);
	put_readers(&guest);
	bend(&guest, bytes, length);
	fake_guest_forget(&guest);
	map = fake_tasks_map(&guest);
	set_fields(map);
	kernel_init(&kernel, map, guest.snapshot);
	tasks_walk(&kernel, 0, &tasks);
	waits = waits_new(&kernel, &tasks, 0);
	for (guint i = 0; i < tasks.entries->len; i++)
		ask(waits, &g_array_index(tasks.entries, struct task_entry, i));
	waits_free(waits);
	find_readers(&kernel);
	tasks_clear(&tasks);
	kernel_clear(&kernel);
	return 0;
}
