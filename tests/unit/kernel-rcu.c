/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The readers that hold up an RCU grace period: the lists may loop, lie and lead anywhere. */
#include "kernel/rcu.h"

#include "fake_tasks.h"

#define STATE FAKE_TASKS_LOCK
#define NODE_SIZE 0x80u
#define NUM_NODES 3u
#define BLOCKED 0x10u /* struct rcu_node.blkd_tasks */
#define WAITED_FOR 0x20u
#define ENTRY 0x200u /* in a task */
#define DEPTH 0x1f8u
#define COUNT FAKE_TASKS_OTHER_LOCK

static uint64_t node(unsigned int number)
{
	return STATE + number * NODE_SIZE;
}

static uint64_t entry(unsigned int task)
{
	return fake_task(task) + ENTRY;
}

static void set_up(struct fake_tasks *f, gconstpointer unused)
{
	fake_tasks_set_up(f, unused);
	f->map->symbols[SYMBOL_rcu_state] = FAKE_TASKS_ADDRESS(STATE);
	f->map->symbols[SYMBOL_rcu_num_nodes] = FAKE_TASKS_ADDRESS(COUNT);
	f->map->fields[FIELD_rcu_state_node] = 0;
	f->map->fields[FIELD_rcu_state_level] = NUM_NODES * NODE_SIZE;
	f->map->fields[SIZE_rcu_node] = NODE_SIZE;
	f->map->fields[FIELD_rcu_node_blkd_tasks] = BLOCKED;
	f->map->fields[FIELD_rcu_node_gp_tasks] = WAITED_FOR;
	f->map->fields[FIELD_task_rcu_node_entry] = ENTRY;
	f->map->fields[FIELD_task_rcu_read_nesting] = DEPTH;
	fake_put_u32(&f->guest, COUNT, NUM_NODES);
	for (unsigned int i = 0; i < NUM_NODES; i++)
		fake_put_u64(&f->guest, node(i) + WAITED_FOR, 0);
}

/* @first: the newest task in node 1's list 3, 2, 1 that the grace period waits for. */
static void put_list(struct fake_tasks *f, unsigned int first)
{
	const uint64_t list[] = {node(1) + BLOCKED, entry(3), entry(2), entry(1)};

	fake_link(&f->guest, list, G_N_ELEMENTS(list));
	fake_put_u64(&f->guest, node(1) + WAITED_FOR, FAKE_TASKS_ADDRESS(entry(first)));
}

static void find(struct fake_tasks *f, struct rcu_readers *readers)
{
	fake_guest_forget(&f->guest);
	kernel_init(&f->kernel, f->map, f->guest.snapshot);
	rcu_find_readers(&f->kernel, readers);
}

static void assert_reader(const struct rcu_readers *readers, unsigned int i, unsigned int task)
{
	g_assert_cmphex(readers->tasks[i].value, ==, FAKE_TASKS_ADDRESS(fake_task(task)));
}

/* Task 3 began to read after the grace period did. */
static void test_oldest_first(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	struct rcu_readers readers;

	put_list(f, 2);
	find(f, &readers);
	g_assert_null(readers.stopped);
	g_assert_cmpuint(readers.num, ==, 2);
	assert_reader(&readers, 0, 1);
	assert_reader(&readers, 1, 2);
	fake_put_u64(&f->guest, node(1) + WAITED_FOR, 0);
	find(f, &readers);
	g_assert_null(readers.stopped);
	g_assert_cmpuint(readers.num, ==, 0);
}

static void test_several_nodes(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	const uint64_t list[] = {node(2) + BLOCKED, entry(5)};
	struct rcu_readers readers;

	put_list(f, 1);
	fake_link(&f->guest, list, G_N_ELEMENTS(list));
	fake_put_u64(&f->guest, node(2) + WAITED_FOR, FAKE_TASKS_ADDRESS(entry(5)));
	find(f, &readers);
	g_assert_cmpuint(readers.num, ==, 2);
	assert_reader(&readers, 0, 1);
	assert_reader(&readers, 1, 5);
	/* The kernel does not use the last node. */
	fake_put_u32(&f->guest, COUNT, 2);
	find(f, &readers);
	g_assert_cmpuint(readers.num, ==, 1);
	/* There is no room for more than three. */
	fake_put_u32(&f->guest, COUNT, UINT32_MAX);
	find(f, &readers);
	g_assert_cmpuint(readers.num, ==, 2);
}

static void test_lies(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	static const uint64_t wrong[] = {0x7fff00000000, UINT64_MAX, 0xffff800000000000, 1};
	struct rcu_readers readers;

	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		put_list(f, 3);
		fake_put_u64(&f->guest, entry(2), wrong[i]);
		find(f, &readers);
		g_assert_nonnull(readers.stopped);
		g_assert_cmpuint(readers.num, ==, 2);
		put_list(f, 3);
		fake_put_u64(&f->guest, node(1) + WAITED_FOR, wrong[i]);
		find(f, &readers);
		g_assert_nonnull(readers.stopped);
		g_assert_cmpuint(readers.num, ==, 1);
	}
}

/* A list that never leads back to its head. */
static void test_loop(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	const uint64_t loop[] = {entry(2), entry(3)};
	struct rcu_readers readers;

	fake_link(&f->guest, loop, G_N_ELEMENTS(loop));
	fake_put_u64(&f->guest, node(0) + WAITED_FOR, FAKE_TASKS_ADDRESS(entry(2)));
	find(f, &readers);
	g_assert_nonnull(readers.stopped);
	g_assert_cmpuint(readers.num, ==, RCU_MAX_READERS);
}

static void test_layouts(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	static const int32_t sizes[] = {FIELD_UNKNOWN, 0, -8, 1 << 20};
	struct rcu_readers readers;

	put_list(f, 3);
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		f->map->fields[SIZE_rcu_node] = sizes[i];
		find(f, &readers);
		g_assert_cmpuint(readers.num, ==, 0);
	}
	f->map->fields[SIZE_rcu_node] = NODE_SIZE;
	f->map->fields[FIELD_task_rcu_read_nesting] = FIELD_UNKNOWN;
	find(f, &readers);
	g_assert_cmpuint(readers.num, ==, 0);
}

/* Node 0 is the root, nodes 1 and 2 have CPUs 0 to 15 and 16 to 31. */
static void test_cpus(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	static const struct {
		uint32_t first, last, level;
		uint64_t mask;
	} nodes[NUM_NODES] = {{0, 31, 0, 3}, {0, 15, 1, 0}, {16, 31, 1, 0x8001}};
	g_autofree struct rcu_cpus *cpus = g_new(struct rcu_cpus, 1);

	f->map->fields[FIELD_rcu_node_grplo] = 0x40;
	f->map->fields[FIELD_rcu_node_grphi] = 0x44;
	f->map->fields[FIELD_rcu_node_level] = 0x48;
	f->map->fields[FIELD_rcu_node_qsmask] = 0x50;
	for (unsigned int i = 0; i < NUM_NODES; i++) {
		fake_put_u32(&f->guest, node(i) + 0x40, nodes[i].first);
		fake_put_u32(&f->guest, node(i) + 0x44, nodes[i].last);
		fake_put_u32(&f->guest, node(i) + 0x48, nodes[i].level | 0x7700);
		fake_put_u64(&f->guest, node(i) + 0x50, nodes[i].mask);
	}
	fake_guest_forget(&f->guest);
	kernel_init(&f->kernel, f->map, f->guest.snapshot);
	rcu_read_cpus(&f->kernel, cpus);
	g_assert_cmpuint(cpus->num, ==, NUM_NODES);
	for (int64_t i = 0; i < 32; i++) {
		struct maybe_int waits = rcu_waits_for(cpus, i);

		g_assert_true(waits.known);
		g_assert_cmpint(waits.value, ==, i == 16 || i == 31);
	}
	g_assert_false(rcu_waits_for(cpus, 32).known);
	cpus->groups[1].first = INT32_MIN;
	g_assert_false(rcu_waits_for(cpus, 3).known);
	f->map->fields[FIELD_rcu_node_qsmask] = FIELD_UNKNOWN;
	rcu_read_cpus(&f->kernel, cpus);
	g_assert_false(rcu_waits_for(cpus, 3).known);
}

static void test_depth(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	bool late = false;

	fake_put_u32(&f->guest, fake_task(2) + DEPTH, 3);
	fake_put_u32(&f->guest, fake_task(2) + DEPTH + 4, 0x01010101);
	fake_guest_forget(&f->guest);
	kernel_init(&f->kernel, f->map, f->guest.snapshot);
	g_assert_cmpint(rcu_depth(&f->kernel, gva(FAKE_TASKS_ADDRESS(fake_task(2))), &late).value,
			==, 3);
	g_assert_false(rcu_depth(&f->kernel, gva(0x1000), &late).known);
	f->map->fields[FIELD_task_rcu_read_nesting] = FIELD_UNKNOWN;
	g_assert_false(rcu_depth(&f->kernel, gva(FAKE_TASKS_ADDRESS(fake_task(2))), &late).known);
}

static void add(const char *path, void (*test)(struct fake_tasks *f, gconstpointer unused))
{
	g_test_add(path, struct fake_tasks, NULL, set_up, test, fake_tasks_tear_down);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("/kernel/rcu/readers that a grace period waits for, oldest first", test_oldest_first);
	add("/kernel/rcu/all nodes that the kernel uses", test_several_nodes);
	add("/kernel/rcu/wrong pointers end the search", test_lies);
	add("/kernel/rcu/a loop ends at the limit", test_loop);
	add("/kernel/rcu/unknown and impossible layouts", test_layouts);
	add("/kernel/rcu/the CPUs that a grace period waits for", test_cpus);
	add("/kernel/rcu/how deep a task is in read-side critical sections", test_depth);
	return g_test_run();
}
