// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/lock.h"

#include <string.h>

#include "kernel/arch.h"

/* Every build's slow path is shorter than this, in bytes. */
#define MAX_SLOW_PATH 2048

/* struct qspinlock (include/asm-generic/qspinlock_types.h) */
#define LOCKED(value) ((value)&0xff)
#define LOCKED_VAL 1
#define SLOW_VAL 3 /* kernel/locking/qspinlock_paravirt.h */
#define PENDING(value) ((value)&0x100)
#define TAIL(value) ((value) >> 16)
#define TAIL_INDEX(value) ((value) >> 16 & 3)
#define TAIL_CPU(value) ((value) >> 18)

#define NODES 4	     /* MAX_NODES: task, softirq, hardirq, NMI */
#define NODE_SIZE 32 /* struct qnode, with CONFIG_PARAVIRT_SPINLOCKS; 16 without */
#define MAX_NODE_SIZE 256
#define NODE_NEXT 0
#define NODE_COUNT 12

bool lock_in_slow_path(const struct kernel *kernel, gva_t pc)
{
	static const enum kernel_symbol paths[] = {
		SYMBOL_native_queued_spin_lock_slowpath,
		SYMBOL___pv_queued_spin_lock_slowpath,
	};

	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		uint64_t start = kernel->map->symbols[paths[i]];

		if (start && pc.value - start < MAX_SLOW_PATH)
			return true;
	}
	return false;
}

static uint64_t node_size(const struct kernel *kernel)
{
	int32_t size = kernel->map->fields[SIZE_qnode];

	return size >= 16 && size <= MAX_NODE_SIZE ? (uint64_t)size : NODE_SIZE;
}

/* The address of @cpu's nodes; 0: unknown. */
static gva_t nodes_of(const struct kernel *kernel, const struct cpu *cpu)
{
	uint64_t nodes = kernel->map->symbols[SYMBOL_qnodes];

	return gva(nodes && cpu->known ? cpu->percpu.value + nodes : 0);
}

/* A halted waiter in the middle of a queue waits for its own node. */
static bool in_own_nodes(const struct kernel *kernel, const struct cpu *cpu, uint64_t address)
{
	gva_t nodes = nodes_of(kernel, cpu);

	return nodes.value && address - nodes.value < NODES * node_size(kernel);
}

bool lock_waited_for(const struct kernel *kernel, const struct cpu *cpu, const GArray *registers,
		     gva_t *lock, bool *late)
{
	uint64_t candidates[ARCH_MAX_ARGUMENTS];
	size_t num = kernel_arch(kernel)->first_argument(registers, candidates);

	for (size_t i = 0; i < num; i++) {
		uint32_t value;

		if (candidates[i] % sizeof(value) ||
		    !kernel_is_kernel_address(kernel, gva(candidates[i])) ||
		    in_own_nodes(kernel, cpu, candidates[i]) ||
		    !address_space_read(&kernel->space, gva(candidates[i]), &value, sizeof(value),
					late, NULL) ||
		    (LOCKED(value) != LOCKED_VAL && LOCKED(value) != SLOW_VAL))
			continue;
		/*
		 * The argument register is certainly the lock; for others the word must also show a
		 * waiter.
		 */
		if ((i == 0 && LOCKED(value) == LOCKED_VAL) || PENDING(value) || TAIL(value)) {
			*lock = gva(candidates[i]);
			return true;
		}
	}
	return false;
}

/* A waiter: its node and its CPU. */
struct waiter {
	uint64_t node, next;
	unsigned int cpu;
};

/* Returns all nodes in use: array of struct waiter. */
static GArray *read_waiters(const struct kernel *kernel, const struct cpu *cpus, size_t num_cpus)
{
	GArray *waiters = g_array_new(FALSE, FALSE, sizeof(struct waiter));
	uint64_t size = node_size(kernel);

	for (size_t i = 0; i < num_cpus; i++) {
		gva_t nodes = nodes_of(kernel, &cpus[i]);
		uint32_t count;

		if (!nodes.value ||
		    !address_space_read_u32(&kernel->space, gva_add(nodes, NODE_COUNT), &count,
					    NULL))
			continue;
		for (uint64_t j = 0; j < MIN(count, NODES); j++) {
			struct waiter waiter = {
				.node = nodes.value + j * size,
				.cpu = cpus[i].number,
			};

			if (address_space_read_u64(&kernel->space, gva(waiter.node + NODE_NEXT),
						   &waiter.next, NULL))
				g_array_append_val(waiters, waiter);
		}
	}
	return waiters;
}

static const struct waiter *find_waiter(const GArray *waiters, uint64_t node, uint64_t next)
{
	for (guint i = 0; i < waiters->len; i++) {
		const struct waiter *waiter = &g_array_index(waiters, struct waiter, i);

		if ((node && waiter->node == node) || (next && waiter->next == next))
			return waiter;
	}
	return NULL;
}

/* The node of the last waiter, which the lock names. */
static uint64_t tail_node(const struct kernel *kernel, uint32_t value)
{
	struct cpu last = {.number = TAIL_CPU(value) - 1};

	last.known = TAIL_CPU(value) && cpu_percpu_base(kernel, last.number, &last.percpu);
	return last.known && nodes_of(kernel, &last).value
		       ? nodes_of(kernel, &last).value + TAIL_INDEX(value) * node_size(kernel)
		       : 0;
}

bool lock_is_pending(const struct kernel *kernel, gva_t lock)
{
	uint32_t value;
	bool late = false;

	return address_space_read(&kernel->space, lock, &value, sizeof(value), &late, NULL) &&
	       !late && PENDING(value);
}

GArray *lock_queue(const struct kernel *kernel, const struct cpu *cpus, size_t num_cpus, gva_t lock)
{
	GArray *queue = g_array_new(FALSE, FALSE, sizeof(unsigned int));
	g_autoptr(GArray) waiters = NULL;
	const struct waiter *waiter;
	uint32_t value;
	uint64_t node;

	if (!address_space_read_u32(&kernel->space, lock, &value, NULL) || !TAIL(value))
		return queue;
	node = tail_node(kernel, value);
	if (!node)
		return queue;
	waiters = read_waiters(kernel, cpus, num_cpus);
	/* Goes from the last waiter to the first, by the links to the next. Links may lie. */
	waiter = find_waiter(waiters, node, 0);
	while (waiter && queue->len < waiters->len) {
		g_array_prepend_val(queue, waiter->cpu);
		waiter = find_waiter(waiters, 0, waiter->node);
	}
	/* A circle has no first waiter. */
	if (waiter)
		g_array_set_size(queue, 0);
	return queue;
}

void lock_capture(const struct kernel *kernel, const struct cpu *cpu)
{
	gva_t nodes = nodes_of(kernel, cpu), lock;
	g_autoptr(GArray) registers = NULL;
	struct register_set set = {0};
	bool late = false;
	uint32_t count = 0;

	if (nodes.value) {
		address_space_prefetch(&kernel->space, nodes, NODES * node_size(kernel));
		address_space_read_u32(&kernel->space, gva_add(nodes, NODE_COUNT), &count, NULL);
	}
	if (!count && !lock_in_slow_path(kernel, vcpu_pc(cpu->registers)))
		return;
	kernel_arch(kernel)->load_registers(cpu->registers, &set);
	registers = kernel_arch(kernel)->name_registers(&set);
	lock_waited_for(kernel, cpu, registers, &lock, &late);
}
