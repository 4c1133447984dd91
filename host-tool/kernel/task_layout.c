// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/task_layout.h"

#include <string.h>

/* No configuration of struct task_struct has more bytes. */
#define TASK_BYTES 0x4000u
#define LONGEST 16u

#define IDLE_NAME "swapper"
#define KTHREADD_NAME "kthreadd"
#define KTHREADD_PID 2

struct tasks {
	const struct kernel_map *map;
	uint8_t idle[TASK_BYTES], kthreadd[TASK_BYTES];
};

typedef bool (*holds_fn)(const struct tasks *tasks, size_t offset);

static uint64_t u64_at(const uint8_t *task, size_t offset)
{
	uint64_t value;

	memcpy(&value, task + offset, sizeof(value));
	return value;
}

static bool holds_stack(const struct tasks *tasks, size_t offset)
{
	uint64_t stack = u64_at(tasks->kthreadd, offset);
	uint64_t idle_stack = tasks->map->symbols[SYMBOL_init_stack];

	return idle_stack && u64_at(tasks->idle, offset) == idle_stack && stack != idle_stack &&
	       stack >> 63 && stack % tasks->map->stack_size == 0;
}

/* "swapper", or "swapper/0" on a kernel that supports several CPUs. */
static bool holds_name(const struct tasks *tasks, size_t offset)
{
	const char *idle = (const char *)tasks->idle + offset;
	const char *kthreadd = (const char *)tasks->kthreadd + offset;
	size_t length = strlen(IDLE_NAME);

	return !memcmp(kthreadd, KTHREADD_NAME, sizeof(KTHREADD_NAME)) &&
	       !memcmp(idle, IDLE_NAME, length) && (!idle[length] || idle[length] == '/');
}

/* The TGID, which has the same value, follows. */
static bool holds_pid(const struct tasks *tasks, size_t offset)
{
	const uint64_t both = (uint64_t)KTHREADD_PID << 32 | KTHREADD_PID;

	return u64_at(tasks->idle, offset) == 0 && u64_at(tasks->kthreadd, offset) == both;
}

static int32_t only_offset(const struct tasks *tasks, holds_fn holds, size_t alignment)
{
	int32_t found = FIELD_UNKNOWN;

	for (size_t offset = 0; offset + LONGEST <= TASK_BYTES; offset += alignment) {
		if (!holds(tasks, offset))
			continue;
		if (found != FIELD_UNKNOWN)
			return FIELD_UNKNOWN;
		found = (int32_t)offset;
	}
	return found;
}

static bool read_tasks(const struct kernel_map *map, const struct address_space *space,
		       struct tasks *tasks)
{
	uint64_t idle = map->symbols[SYMBOL_init_task], kthreadd;

	tasks->map = map;
	return idle && map->symbols[SYMBOL_kthreadd_task] &&
	       address_space_read_u64(space, gva(map->symbols[SYMBOL_kthreadd_task]), &kthreadd,
				      NULL) &&
	       address_space_peek_mapped(space, gva(idle), tasks->idle, TASK_BYTES, NULL) &&
	       address_space_peek_mapped(space, gva(kthreadd), tasks->kthreadd, TASK_BYTES, NULL);
}

void task_layout_infer(struct kernel_map *map, const struct address_space *space)
{
	g_autofree struct tasks *tasks = g_new0(struct tasks, 1);

	if (!read_tasks(map, space, tasks))
		return;
	map->fields[FIELD_task_stack] = only_offset(tasks, holds_stack, 8);
	map->fields[FIELD_task_comm] = only_offset(tasks, holds_name, 4);
	map->fields[FIELD_task_pid] = only_offset(tasks, holds_pid, 4);
	if (map->fields[FIELD_task_pid] != FIELD_UNKNOWN)
		map->fields[FIELD_task_tgid] = map->fields[FIELD_task_pid] + 4;
}
