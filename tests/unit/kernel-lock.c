/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The waiters of each spinlock, in their order. */
#include <string.h>

#include "fake_guest.h"
#include "kernel/arch.h"
#include "kernel/lock.h"

/* Offsets in the image. */
#define SLOW_PATH 0x1000u
#define PER_CPU_OFFSETS 0x3000u
#define PERCPU 0x4000u /* of CPU 0; the distance to the next CPU: */
#define PERCPU_SIZE 0x1000u
#define QNODES 0x200u
#define NODE_SIZE 32u
#define LOCK 0x10000u
#define NUM_CPUS 4u

#define ADDRESS(offset) (FAKE_GUEST_IMAGE + (offset))

struct fixture {
	struct fake_guest guest;
	struct kernel_map *map;
	struct kernel kernel;
	struct vcpu_registers registers;
	struct cpu cpus[NUM_CPUS];
	bool late;
};

static void put_u32(struct fixture *f, uint64_t offset, uint32_t value)
{
	memcpy(fake_guest_at(&f->guest, offset), &value, sizeof(value));
}

static void put_u64(struct fixture *f, uint64_t offset, uint64_t value)
{
	memcpy(fake_guest_at(&f->guest, offset), &value, sizeof(value));
}

static uint64_t node(unsigned int cpu, unsigned int index)
{
	return PERCPU + cpu * PERCPU_SIZE + QNODES + index * NODE_SIZE;
}

static void set_up(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	fake_guest_init(&f->guest, 2 << 20);
	f->map = kernel_map_new();
	f->map->banner = g_strdup("Linux version 6.6.6 (a) (b) #1 SMP");
	f->map->root = f->guest.space.root;
	f->map->levels = 4;
	f->map->symbols[SYMBOL_native_queued_spin_lock_slowpath] = ADDRESS(SLOW_PATH);
	f->map->symbols[SYMBOL___per_cpu_offset] = ADDRESS(PER_CPU_OFFSETS);
	f->map->symbols[SYMBOL_qnodes] = QNODES;
	f->map->fields[SIZE_qnode] = NODE_SIZE;
	for (unsigned int i = 0; i < NUM_CPUS; i++) {
		uint64_t percpu = ADDRESS(PERCPU + i * PERCPU_SIZE);

		put_u64(f, PER_CPU_OFFSETS + 8 * i, percpu);
		f->cpus[i] = (struct cpu){.registers = &f->registers,
					  .known = true,
					  .number = i,
					  .percpu = gva(percpu)};
	}
	kernel_init(&f->kernel, f->map, f->guest.snapshot);
}

static void tear_down(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	kernel_clear(&f->kernel);
	kernel_map_free(f->map);
	fake_guest_clear(&f->guest);
}

/* Reads the guest's current memory again. */
static void read_afresh(struct fixture *f)
{
	fake_guest_forget(&f->guest);
	kernel_init(&f->kernel, f->map, f->guest.snapshot);
}

/* Returns the lock that CPU 1 waits for, from the registers of the fixture; 0: none. */
static uint64_t waited_for(struct fixture *f)
{
	const struct arch *arch = kernel_arch(&f->kernel);
	struct register_set set = {0};
	g_autoptr(GArray) registers = NULL;
	gva_t lock;

	read_afresh(f);
	arch->load_registers(&f->registers, &set);
	registers = arch->name_registers(&set);
	return lock_waited_for(&f->kernel, &f->cpus[1], registers, &lock, &f->late) ? lock.value
										    : 0;
}

static void test_slow_path(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_assert_true(lock_in_slow_path(&f->kernel, gva(ADDRESS(SLOW_PATH + 0x40))));
	g_assert_false(lock_in_slow_path(&f->kernel, gva(ADDRESS(SLOW_PATH - 1))));
	g_assert_false(lock_in_slow_path(&f->kernel, gva(ADDRESS(SLOW_PATH + 0x1000))));
}

static void test_argument(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->registers.rdi = ADDRESS(LOCK);
	g_assert_cmphex(waited_for(f), ==, 0);
	put_u32(f, LOCK, 1);
	g_assert_cmphex(waited_for(f), ==, ADDRESS(LOCK));
}

/* With the lock in another register, other CPUs must wait, too. */
static void test_kept_argument(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->registers.r12 = ADDRESS(LOCK);
	put_u32(f, LOCK, 1);
	g_assert_cmphex(waited_for(f), ==, 0);
	put_u32(f, LOCK, 0x101);
	g_assert_cmphex(waited_for(f), ==, ADDRESS(LOCK));
	put_u32(f, LOCK, 1 | 3u << 18);
	g_assert_cmphex(waited_for(f), ==, ADDRESS(LOCK));
}

/* The first waiter of a guest with paravirt spinlocks is halted: the lock has this state. */
static void test_halted_for_lock(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->registers.rdi = ADDRESS(LOCK);
	put_u32(f, LOCK, 3 | 2u << 18);
	g_assert_cmphex(waited_for(f), ==, ADDRESS(LOCK));
	/* The byte alone is not a proof. */
	put_u32(f, LOCK, 3);
	g_assert_cmphex(waited_for(f), ==, 0);
}

/* Later waiters are halted with their own node, which is not a lock. */
static void test_halted_for_node(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->registers.rdi = ADDRESS(node(1, 0) + 20);
	put_u32(f, node(1, 0) + 20, 1);
	g_assert_cmphex(waited_for(f), ==, 0);
}

static void assert_queue(struct fixture *f, const char *expected)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GArray) queue = NULL;

	read_afresh(f);
	queue = lock_queue(&f->kernel, f->cpus, NUM_CPUS, gva(ADDRESS(LOCK)));
	for (guint i = 0; i < queue->len; i++)
		g_string_append_printf(text, "%u ", g_array_index(queue, unsigned int, i));
	g_assert_cmpstr(text->str, ==, expected);
}

/* CPU 2, then 0, then 3, which waits in an interrupt during another wait. */
static void put_queue(struct fixture *f)
{
	put_u32(f, LOCK, 1 | 1u << 16 | 4u << 18);
	put_u32(f, node(2, 0) + 12, 1);
	put_u32(f, node(0, 0) + 12, 1);
	put_u32(f, node(3, 0) + 12, 2);
	put_u64(f, node(2, 0), ADDRESS(node(0, 0)));
	put_u64(f, node(0, 0), ADDRESS(node(3, 1)));
}

static void test_queue(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_u32(f, LOCK, 1);
	assert_queue(f, "");
	put_queue(f);
	assert_queue(f, "2 0 3 ");
}

static void test_pending(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_u32(f, LOCK, 0x101);
	read_afresh(f);
	g_assert_true(lock_is_pending(&f->kernel, gva(ADDRESS(LOCK))));
	put_u32(f, LOCK, 1 | 1u << 16 | 4u << 18);
	read_afresh(f);
	g_assert_false(lock_is_pending(&f->kernel, gva(ADDRESS(LOCK))));
	g_assert_false(lock_is_pending(&f->kernel, gva(ADDRESS(LOCK) + (1ull << 40))));
}

/* The link of an unused node remains. */
static void test_old_links(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_queue(f);
	put_u64(f, node(1, 0), ADDRESS(node(2, 0)));
	assert_queue(f, "2 0 3 ");
}

static void test_lies(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_queue(f);
	put_u32(f, node(0, 0) + 12, UINT32_MAX); /* more nodes than a CPU has */
	assert_queue(f, "2 0 3 ");
	put_u64(f, node(3, 1), ADDRESS(node(2, 0))); /* a circle */
	assert_queue(f, "");
	put_u32(f, LOCK, 1 | 0x3000u << 18);
	assert_queue(f, "");
}

#define TEST(name, function)                                                                       \
	g_test_add("/lock/" name, struct fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	TEST("slow-path", test_slow_path);
	TEST("argument", test_argument);
	TEST("kept-argument", test_kept_argument);
	TEST("halted-for-lock", test_halted_for_lock);
	TEST("halted-for-node", test_halted_for_node);
	TEST("queue", test_queue);
	TEST("pending", test_pending);
	TEST("old-links", test_old_links);
	TEST("lies", test_lies);
	return g_test_run();
}
