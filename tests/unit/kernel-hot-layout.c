/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The members of struct pcpu_hot, without BTF. */
#include <string.h>

#include "fake_guest.h"
#include "kernel/cpu.h"
#include "kernel/hot_layout.h"

/* Offsets in the image. */
#define PER_CPU_OFFSETS 0x1000u
#define PERCPU 0x4000u
#define TASK 0x6000u
#define TASK_STACK 0x10000u
#define IRQ_STACK 0x21000u /* aligned to a page only */
#define STACK_SIZE 0x4000u

#define PCPU_HOT 0x100u

#define ADDRESS(offset) (FAKE_GUEST_IMAGE + (offset))

struct fixture {
	struct fake_guest guest;
	struct kernel_map *map;
};

static void put_u64(struct fixture *f, uint64_t offset, uint64_t value)
{
	memcpy(fake_guest_at(&f->guest, offset), &value, sizeof(value));
}

static void put_hot(struct fixture *f, unsigned int member, uint64_t value)
{
	put_u64(f, PERCPU + PCPU_HOT + member, value);
}

static void set_up(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	fake_guest_init(&f->guest, 2 << 20);
	f->map = kernel_map_new();
	f->map->banner = g_strdup("Linux version 6.12.6 (a) (b) #1 SMP");
	f->map->levels = f->guest.space.levels;
	f->map->symbols[SYMBOL___per_cpu_offset] = ADDRESS(PER_CPU_OFFSETS);
	f->map->symbols[SYMBOL_pcpu_hot] = PCPU_HOT;
	put_u64(f, PER_CPU_OFFSETS, ADDRESS(PERCPU));
	put_hot(f, 0, ADDRESS(TASK));
	put_hot(f, 8, 0x80000000);
	put_hot(f, 16, ADDRESS(TASK_STACK + STACK_SIZE)); /* top_of_stack */
	put_hot(f, 24, ADDRESS(IRQ_STACK + STACK_SIZE - 8));
	put_hot(f, 32, 0x10002); /* softirq_pending, hardirq_stack_inuse */
}

static void tear_down(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	kernel_map_free(f->map);
	fake_guest_clear(&f->guest);
}

static void assert_fields(struct fixture *f, int32_t first, int32_t hardirq_stack_ptr)
{
	int32_t *fields = f->map->fields;

	fields[FIELD_pcpu_hot_current_task] = fields[FIELD_pcpu_hot_preempt_count] = FIELD_UNKNOWN;
	fields[FIELD_pcpu_hot_hardirq_stack_ptr] = FIELD_UNKNOWN;
	fake_guest_forget(&f->guest);
	hot_layout_infer(f->map, &f->guest.space);
	g_assert_cmpint(fields[FIELD_pcpu_hot_current_task], ==, first);
	g_assert_cmpint(fields[FIELD_pcpu_hot_preempt_count], ==,
			first == FIELD_UNKNOWN ? first : first + 8);
	g_assert_cmpint(fields[FIELD_pcpu_hot_hardirq_stack_ptr], ==, hardirq_stack_ptr);
}

static void test_plain(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	assert_fields(f, 0, 24);
}

/* FRED leaves 16 bytes at the top of a task's stack: TOP_OF_KERNEL_STACK_PADDING, from 6.9 on. */
static void test_call_depth(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_hot(f, 16, 0x8000000000000000); /* call_depth */
	put_hot(f, 24, ADDRESS(TASK_STACK + STACK_SIZE));
	put_hot(f, 32, ADDRESS(IRQ_STACK + STACK_SIZE - 8));
	assert_fields(f, 0, 32);
	put_hot(f, 24, ADDRESS(TASK_STACK + STACK_SIZE - 16));
	assert_fields(f, 0, 32);
}

/* Without SMP the symbol is the address. */
static void test_one_cpu(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_free(f->map->banner);
	f->map->banner = g_strdup("Linux version 6.12.6 (a) (b) #1");
	f->map->symbols[SYMBOL___per_cpu_offset] = 0;
	f->map->symbols[SYMBOL_pcpu_hot] = ADDRESS(PERCPU + PCPU_HOT);
	assert_fields(f, 0, 24);
}

/* Early in the boot, or in a hostile guest. */
static void test_no_irq_stack(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_hot(f, 24, 0);
	assert_fields(f, 0, FIELD_UNKNOWN);
	put_hot(f, 24, 0xff8); /* not in the kernel's half */
	assert_fields(f, 0, FIELD_UNKNOWN);
	put_hot(f, 24, ADDRESS(IRQ_STACK));
	assert_fields(f, 0, FIELD_UNKNOWN);
}

/* Other releases have no such variable; a hostile guest may have it anywhere. */
static void test_no_variable(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->map->symbols[SYMBOL_pcpu_hot] = 0;
	assert_fields(f, FIELD_UNKNOWN, FIELD_UNKNOWN);
	f->map->symbols[SYMBOL_pcpu_hot] = 0x4141414141414141;
	assert_fields(f, 0, FIELD_UNKNOWN);
	put_u64(f, PER_CPU_OFFSETS, 0);
	assert_fields(f, FIELD_UNKNOWN, FIELD_UNKNOWN);
}

static void add(const char *name, void (*test)(struct fixture *, gconstpointer))
{
	g_test_add(name, struct fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("/hot-layout/plain", test_plain);
	add("/hot-layout/call-depth", test_call_depth);
	add("/hot-layout/one-cpu", test_one_cpu);
	add("/hot-layout/no-irq-stack", test_no_irq_stack);
	add("/hot-layout/no-variable", test_no_variable);
	return g_test_run();
}
