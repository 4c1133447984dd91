// SPDX-License-Identifier: GPL-2.0-or-later
#include "fake_tasks.h"

#include <string.h>

#define TASKS 0x10000u
#define SIGNALS 0x40000u
#define SIGNAL_SIZE 0x40u
#define STACKS 0x80000u
#define STACK_SIZE DEFAULT_STACK_SIZE
#define THREAD_HEAD 0x10u

/* More members of a task. */
#define TGID 0x1cu
#define COMM 0x20u
#define SIGNAL 0x50u

uint64_t fake_task(unsigned int number)
{
	return TASKS + number * FAKE_TASK_SIZE;
}

uint64_t fake_task_stack(unsigned int number, uint64_t bytes)
{
	return STACKS + (number + 1) * STACK_SIZE - bytes;
}

void fake_put_u64(struct fake_guest *guest, uint64_t offset, uint64_t value)
{
	memcpy(fake_guest_at(guest, offset), &value, sizeof(value));
}

void fake_put_u32(struct fake_guest *guest, uint64_t offset, uint32_t value)
{
	memcpy(fake_guest_at(guest, offset), &value, sizeof(value));
}

void fake_link(struct fake_guest *guest, const uint64_t *nodes, size_t num)
{
	for (size_t i = 0; i < num; i++) {
		uint64_t next = nodes[(i + 1) % num];

		fake_put_u64(guest, nodes[i], FAKE_TASKS_ADDRESS(next));
		fake_put_u64(guest, next + 8, FAKE_TASKS_ADDRESS(nodes[i]));
	}
}

struct kernel_map *fake_tasks_map(const struct fake_guest *guest)
{
	static const struct {
		enum kernel_field field;
		int32_t offset;
	} all[] = {
		{FIELD_task_stack, FAKE_TASK_STACK},
		{FIELD_task_state, FAKE_TASK_STATE},
		{FIELD_task_pid, FAKE_TASK_PID},
		{FIELD_task_tgid, TGID},
		{FIELD_task_comm, COMM},
		{FIELD_task_tasks, FAKE_TASK_LIST},
		{FIELD_task_signal, SIGNAL},
		{FIELD_task_thread_node, FAKE_TASK_NODE},
		{FIELD_task_on_cpu, FAKE_TASK_ON_CPU},
		{FIELD_task_thread_sp, FAKE_TASK_SP},
		{FIELD_task_nvcsw, FAKE_TASK_VOLUNTARY},
		{FIELD_task_nivcsw, FAKE_TASK_FORCED},
		{FIELD_signal_thread_head, THREAD_HEAD},
	};
	struct kernel_map *map = kernel_map_new();

	map->banner = g_strdup("Linux version 6.6.6 (a) (b) #1 SMP");
	map->root = guest->space.root;
	map->levels = guest->space.levels;
	map->stack_size = STACK_SIZE;
	map->symbols[SYMBOL_init_task] = FAKE_TASKS_ADDRESS(fake_task(0));
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		map->fields[all[i].field] = all[i].offset;
	return map;
}

static void put_task(struct fake_guest *guest, unsigned int number)
{
	unsigned int leader = number < 4 ? number : 2;
	uint64_t task = fake_task(number);

	fake_put_u32(guest, task + FAKE_TASK_PID, number);
	fake_put_u32(guest, task + TGID, leader);
	fake_put_u32(guest, task + FAKE_TASK_STATE, 2);
	fake_put_u32(guest, task + FAKE_TASK_ON_CPU, 0x0100); /* 7.2: a byte, and its neighbour */
	fake_put_u64(guest, task + FAKE_TASK_STACK,
		     FAKE_TASKS_ADDRESS(fake_task_stack(number, STACK_SIZE)));
	fake_put_u64(guest, task + FAKE_TASK_SP,
		     FAKE_TASKS_ADDRESS(fake_task_stack(number, 0x800)));
	fake_put_u64(guest, task + SIGNAL, FAKE_TASKS_ADDRESS(SIGNALS + leader * SIGNAL_SIZE));
}

void fake_tasks_put(struct fake_guest *guest)
{
	const uint64_t processes[] = {fake_task(0) + FAKE_TASK_LIST, fake_task(1) + FAKE_TASK_LIST,
				      fake_task(2) + FAKE_TASK_LIST, fake_task(3) + FAKE_TASK_LIST};
	const uint64_t threads[] = {SIGNALS + 2 * SIGNAL_SIZE + THREAD_HEAD,
				    fake_task(2) + FAKE_TASK_NODE, fake_task(4) + FAKE_TASK_NODE,
				    fake_task(5) + FAKE_TASK_NODE};

	memset(fake_guest_at(guest, 0), 0, FAKE_TASKS_END);
	for (unsigned int i = 0; i < FAKE_TASKS_NUM; i++)
		put_task(guest, i);
	for (unsigned int i = 1; i <= 3; i += 2) {
		const uint64_t alone[] = {SIGNALS + i * SIGNAL_SIZE + THREAD_HEAD,
					  fake_task(i) + FAKE_TASK_NODE};

		fake_link(guest, alone, G_N_ELEMENTS(alone));
	}
	fake_link(guest, processes, G_N_ELEMENTS(processes));
	fake_link(guest, threads, G_N_ELEMENTS(threads));
}

void fake_tasks_set_up(struct fake_tasks *fake, gconstpointer unused G_GNUC_UNUSED)
{
	fake_guest_init(&fake->guest, 2 << 20);
	fake_tasks_put(&fake->guest);
	fake->map = fake_tasks_map(&fake->guest);
}

void fake_tasks_tear_down(struct fake_tasks *fake, gconstpointer unused G_GNUC_UNUSED)
{
	tasks_clear(&fake->tasks);
	kernel_clear(&fake->kernel);
	kernel_map_free(fake->map);
	fake_guest_clear(&fake->guest);
}
