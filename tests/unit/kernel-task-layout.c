/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Infers the layout of struct task_struct from two known tasks, and rejects ambiguous data. */
#include <string.h>

#include "fake_guest.h"
#include "kernel/task_layout.h"

/* Offsets in the image. */
#define IDLE 0x10000u
#define KTHREADD 0x20000u
#define IDLE_STACK 0x30000u
#define KTHREADD_STACK 0x40000u
#define KTHREADD_POINTER 0x1000u

/* Offsets in a task. */
#define STACK 32u
#define PID 2416u
#define COMM 2976u

#define ADDRESS(offset) (FAKE_GUEST_IMAGE + (offset))

struct fixture {
	struct fake_guest guest;
	struct kernel_map *map;
};

static void put(struct fixture *f, uint64_t offset, const void *bytes, size_t length)
{
	memcpy(fake_guest_at(&f->guest, offset), bytes, length);
}

static void put_u64(struct fixture *f, uint64_t offset, uint64_t value)
{
	put(f, offset, &value, sizeof(value));
}

static void set_up(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	const uint32_t pids[] = {2, 2};

	fake_guest_init(&f->guest, 2 << 20);
	f->map = kernel_map_new();
	f->map->symbols[SYMBOL_init_task] = ADDRESS(IDLE);
	f->map->symbols[SYMBOL_init_stack] = ADDRESS(IDLE_STACK);
	f->map->symbols[SYMBOL_kthreadd_task] = ADDRESS(KTHREADD_POINTER);
	/* A value that is neither 0 nor any other value that the search wants. */
	memset(fake_guest_at(&f->guest, IDLE), 0x11, 0x4000);
	memset(fake_guest_at(&f->guest, KTHREADD), 0x22, 0x4000);
	put_u64(f, KTHREADD_POINTER, ADDRESS(KTHREADD));
	put_u64(f, IDLE + STACK, ADDRESS(IDLE_STACK));
	put_u64(f, KTHREADD + STACK, ADDRESS(KTHREADD_STACK));
	put_u64(f, IDLE + PID, 0);
	put(f, KTHREADD + PID, pids, sizeof(pids));
	put(f, IDLE + COMM, "swapper/0", 10);
	put(f, KTHREADD + COMM, "kthreadd", 9);
}

static void tear_down(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	kernel_map_free(f->map);
	fake_guest_clear(&f->guest);
}

static void assert_fields(struct fixture *f, int32_t stack, int32_t comm, int32_t pid)
{
	int32_t *fields = f->map->fields;

	fields[FIELD_task_stack] = fields[FIELD_task_comm] = FIELD_UNKNOWN;
	fields[FIELD_task_pid] = fields[FIELD_task_tgid] = FIELD_UNKNOWN;
	fake_guest_forget(&f->guest);
	task_layout_infer(f->map, &f->guest.space);
	g_assert_cmpint(fields[FIELD_task_stack], ==, stack);
	g_assert_cmpint(fields[FIELD_task_comm], ==, comm);
	g_assert_cmpint(fields[FIELD_task_pid], ==, pid);
	g_assert_cmpint(fields[FIELD_task_tgid], ==, (pid == FIELD_UNKNOWN ? pid : pid + 4));
}

static void test_told(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	assert_fields(f, STACK, COMM, PID);
	put(f, IDLE + COMM, "swapper", 8); /* one CPU only */
	assert_fields(f, STACK, COMM, PID);
}

/* With CONFIG_RANDSTRUCT the TGID may be anywhere. */
static void test_apart(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_u64(f, IDLE + PID, 0x1111111100000000);
	put_u64(f, KTHREADD + PID, 0x2222222200000002);
	assert_fields(f, STACK, COMM, FIELD_UNKNOWN);
}

/* Two offsets where both tasks have the expected values: neither one is used. */
static void test_ambiguous(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_u64(f, IDLE + 512, ADDRESS(IDLE_STACK));
	put_u64(f, KTHREADD + 512, ADDRESS(KTHREADD_STACK));
	put_u64(f, IDLE + 1024, 0);
	put_u64(f, KTHREADD + 1024, 0x0000000200000002);
	assert_fields(f, FIELD_UNKNOWN, COMM, FIELD_UNKNOWN);
}

static void test_other_tasks(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put(f, KTHREADD + COMM, "\033[31m", 6);
	put_u64(f, KTHREADD + STACK, ADDRESS(KTHREADD_STACK) + 8);
	assert_fields(f, FIELD_UNKNOWN, FIELD_UNKNOWN, PID);
	put_u64(f, KTHREADD_POINTER, 0x4141414141414141);
	assert_fields(f, FIELD_UNKNOWN, FIELD_UNKNOWN, FIELD_UNKNOWN);
	f->map->symbols[SYMBOL_kthreadd_task] = 0;
	assert_fields(f, FIELD_UNKNOWN, FIELD_UNKNOWN, FIELD_UNKNOWN);
}

static void add(const char *name, void (*test)(struct fixture *, gconstpointer))
{
	g_test_add(name, struct fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("/task-layout/told", test_told);
	add("/task-layout/apart", test_apart);
	add("/task-layout/ambiguous", test_ambiguous);
	add("/task-layout/other-tasks", test_other_tasks);
	return g_test_run();
}
