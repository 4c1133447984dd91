/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Return addresses and code that tracing has replaced. */
#include "kernel/trampolines.h"

#include "fake_tables.h"

/* Offsets in the image. */
#define RETURN_TO_HANDLER 0x1000u
#define RETHOOK_TRAMPOLINE 0x1100u
#define KRETPROBE_TRAMPOLINE 0x1200u
#define FTRACE_CALLER 0x1300u
#define FTRACE_REGS_CALLER 0x1400u
#define TEMPLATE 0x1500u
#define TEMPLATE_SIZE 0x80u
#define PRE_HANDLER 0x1600u
#define CALLER 0x1700u /* the real return address */
#define OPS_LIST 0x2000u
#define OPS(i) (0x2100u + 0x100u * (i))
#define KPROBES 0x3000u
#define PROBE(i) (0x4000u + 0x200u * (i))
#define PROBED 0x5000u
#define TASK 0x6000u
#define NODE(i) (0x7000u + 0x100u * (i))
#define RET_STACK 0x8000u
#define STACK_SLOT 0xf000u
#define TRAMPOLINE(i) (0x100000u + 0x1000u * (i)) /* copies of code */

/* Offsets in the structures. */
#define TASK_RETHOOKS 16
#define TASK_KRETPROBES 24
#define TASK_RET_STACK 32
#define NODE_LLIST 8
#define NODE_FRAME 16
#define NODE_RET 24
#define OPS_NEXT 8
#define OPS_TRAMPOLINE 16
#define OPS_SIZE 24
#define OPS_FLAGS 32
#define SAVE_REGS 4
#define PROBE_HLIST 0
#define PROBE_ADDR 16
#define PROBE_SLOT 24
#define PROBE_HANDLER 32
#define OPTPROBE_DETOUR 128

static void set_up(struct fake_tables *f, gconstpointer unused)
{
	uint64_t *symbols;
	int32_t *fields;

	fake_tables_set_up(f, unused);
	symbols = f->map->symbols;
	symbols[SYMBOL_return_to_handler] = ADDRESS(RETURN_TO_HANDLER);
	symbols[SYMBOL_arch_rethook_trampoline] = ADDRESS(RETHOOK_TRAMPOLINE);
	symbols[SYMBOL___kretprobe_trampoline] = ADDRESS(KRETPROBE_TRAMPOLINE);
	symbols[SYMBOL_ftrace_caller] = ADDRESS(FTRACE_CALLER);
	symbols[SYMBOL_ftrace_regs_caller] = ADDRESS(FTRACE_REGS_CALLER);
	symbols[SYMBOL_ftrace_ops_list] = ADDRESS(OPS_LIST);
	symbols[SYMBOL_kprobe_table] = ADDRESS(KPROBES);
	symbols[SYMBOL_aggr_pre_handler] = ADDRESS(PRE_HANDLER);
	symbols[SYMBOL_optprobe_template_entry] = ADDRESS(TEMPLATE);
	symbols[SYMBOL_optprobe_template_end] = ADDRESS(TEMPLATE + TEMPLATE_SIZE);
	fields = f->map->fields;
	fields[FIELD_task_rethooks] = TASK_RETHOOKS;
	fields[FIELD_task_kretprobe_instances] = TASK_KRETPROBES;
	fields[FIELD_task_ret_stack] = TASK_RET_STACK;
	fields[FIELD_rethook_node_llist] = fields[FIELD_kretprobe_instance_llist] = NODE_LLIST;
	fields[FIELD_rethook_node_frame] = fields[FIELD_kretprobe_instance_fp] = NODE_FRAME;
	fields[FIELD_rethook_node_ret_addr] = NODE_RET;
	fields[FIELD_kretprobe_instance_ret_addr] = NODE_RET;
	fields[FIELD_ftrace_ret_stack_ret] = 0;
	fields[FIELD_ftrace_ret_stack_retp] = 24;
	fields[FIELD_ftrace_ops_next] = OPS_NEXT;
	fields[FIELD_ftrace_ops_trampoline] = OPS_TRAMPOLINE;
	fields[FIELD_ftrace_ops_trampoline_size] = OPS_SIZE;
	fields[FIELD_ftrace_ops_flags] = OPS_FLAGS;
	fields[FIELD_kprobe_hlist] = PROBE_HLIST;
	fields[FIELD_kprobe_addr] = PROBE_ADDR;
	fields[FIELD_kprobe_slot] = PROBE_SLOT;
	fields[FIELD_kprobe_pre_handler] = PROBE_HANDLER;
	fields[FIELD_optprobe_kp] = 0;
	fields[FIELD_optprobe_detour] = OPTPROBE_DETOUR;
}

/* Returns the real return address for the address @found in the slot; 0: unknown. */
static uint64_t recover(struct fake_tables *f, uint64_t task, uint64_t found)
{
	gva_t address = gva(found);

	fake_tables_read_afresh(f);
	return trampoline_recover(&f->kernel, gva(task), gva(ADDRESS(STACK_SLOT)), &address)
		       ? address.value
		       : 0;
}

static void test_plain(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_assert_cmphex(recover(f, ADDRESS(TASK), ADDRESS(CALLER)), ==, ADDRESS(CALLER));
	/* Without a task nothing is recorded. */
	g_assert_cmphex(recover(f, 0, ADDRESS(CALLER)), ==, ADDRESS(CALLER));
	g_assert_cmphex(recover(f, 0, ADDRESS(RETURN_TO_HANDLER)), ==, 0);
	g_assert_cmphex(recover(f, 0, ADDRESS(RETHOOK_TRAMPOLINE)), ==, 0);
}

static void put_node(struct fake_tables *f, unsigned int i, uint64_t frame, uint64_t target,
		     uint64_t next)
{
	put_u64(f, NODE(i) + NODE_LLIST, next);
	put_u64(f, NODE(i) + NODE_FRAME, frame);
	put_u64(f, NODE(i) + NODE_RET, target);
}

/* A node of another frame, then two probes of one function: the last one has the address. */
static void put_nodes(struct fake_tables *f, uint64_t head, uint64_t trampoline)
{
	put_u64(f, TASK + head, ADDRESS(NODE(0) + NODE_LLIST));
	put_node(f, 0, ADDRESS(STACK_SLOT - 64), ADDRESS(CALLER + 0x50),
		 ADDRESS(NODE(1) + NODE_LLIST));
	put_node(f, 1, ADDRESS(STACK_SLOT), trampoline, ADDRESS(NODE(2) + NODE_LLIST));
	put_node(f, 2, ADDRESS(STACK_SLOT), ADDRESS(CALLER), 0);
}

static void test_rethook(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_assert_cmphex(recover(f, ADDRESS(TASK), ADDRESS(RETHOOK_TRAMPOLINE)), ==, 0);
	put_nodes(f, TASK_RETHOOKS, ADDRESS(RETHOOK_TRAMPOLINE));
	g_assert_cmphex(recover(f, ADDRESS(TASK), ADDRESS(RETHOOK_TRAMPOLINE)), ==,
			ADDRESS(CALLER));
	g_assert_cmphex(recover(f, ADDRESS(TASK), ADDRESS(KRETPROBE_TRAMPOLINE)), ==, 0);
}

static void test_kretprobe(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_nodes(f, TASK_KRETPROBES, ADDRESS(KRETPROBE_TRAMPOLINE));
	g_assert_cmphex(recover(f, ADDRESS(TASK), ADDRESS(KRETPROBE_TRAMPOLINE)), ==,
			ADDRESS(CALLER));
	/* A kernel whose layout of these links is unknown. */
	f->map->fields[FIELD_kretprobe_instance_llist] = FIELD_UNKNOWN;
	g_assert_cmphex(recover(f, ADDRESS(TASK), ADDRESS(KRETPROBE_TRAMPOLINE)), ==, 0);
}

static void test_nodes_that_lie(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_u64(f, TASK + TASK_RETHOOKS, ADDRESS(NODE(0) + NODE_LLIST));
	put_node(f, 0, ADDRESS(STACK_SLOT - 64), ADDRESS(CALLER), ADDRESS(NODE(0) + NODE_LLIST));
	g_assert_cmphex(recover(f, ADDRESS(TASK), ADDRESS(RETHOOK_TRAMPOLINE)), ==, 0);
	put_node(f, 0, ADDRESS(STACK_SLOT - 64), ADDRESS(CALLER), 0x4141414141414141);
	g_assert_cmphex(recover(f, ADDRESS(TASK), ADDRESS(RETHOOK_TRAMPOLINE)), ==, 0);
	g_assert_cmphex(recover(f, 0x4141414141414141, ADDRESS(RETHOOK_TRAMPOLINE)), ==, 0);
}

/* An older call in the same slot has returned; its entry is above. */
static void test_function_graph(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_assert_cmphex(recover(f, ADDRESS(TASK), ADDRESS(RETURN_TO_HANDLER)), ==, 0);
	put_u64(f, TASK + TASK_RET_STACK, ADDRESS(RET_STACK));
	g_assert_cmphex(recover(f, ADDRESS(TASK), ADDRESS(RETURN_TO_HANDLER)), ==, 0);
	put_u64(f, RET_STACK + 40, ADDRESS(CALLER));
	put_u64(f, RET_STACK + 40 + 24, ADDRESS(STACK_SLOT));
	put_u64(f, RET_STACK + 120, ADDRESS(CALLER + 0x50));
	put_u64(f, RET_STACK + 120 + 24, ADDRESS(STACK_SLOT));
	g_assert_cmphex(recover(f, ADDRESS(TASK), ADDRESS(RETURN_TO_HANDLER)), ==, ADDRESS(CALLER));
	put_u64(f, TASK + TASK_RET_STACK, 0x4141414141414141);
	g_assert_cmphex(recover(f, ADDRESS(TASK), ADDRESS(RETURN_TO_HANDLER)), ==, 0);
}

/* Returns the instruction whose copy is at @offset; 0: none. */
static uint64_t original(struct fake_tables *f, uint64_t offset)
{
	gva_t found;

	fake_tables_read_afresh(f);
	return trampoline_find_original(&f->kernel, gva(ADDRESS(offset)), &found) ? found.value : 0;
}

static void put_ops(struct fake_tables *f, unsigned int i, uint64_t flags)
{
	put_u64(f, i ? OPS(i - 1) + OPS_NEXT : OPS_LIST, ADDRESS(OPS(i)));
	put_u64(f, OPS(i) + OPS_TRAMPOLINE, ADDRESS(TRAMPOLINE(i)));
	put_u64(f, OPS(i) + OPS_SIZE, 0x100);
	put_u64(f, OPS(i) + OPS_FLAGS, flags);
}

static void test_ftrace(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_assert_cmphex(original(f, TRAMPOLINE(0)), ==, 0);
	put_ops(f, 0, 0);
	put_ops(f, 1, SAVE_REGS);
	g_assert_cmphex(original(f, TRAMPOLINE(0) + 0x20), ==, ADDRESS(FTRACE_CALLER + 0x20));
	g_assert_cmphex(original(f, TRAMPOLINE(1) + 0xff), ==, ADDRESS(FTRACE_REGS_CALLER + 0xff));
	g_assert_cmphex(original(f, TRAMPOLINE(1) + 0x100), ==, 0);
	g_assert_cmphex(original(f, TRAMPOLINE(0) - 1), ==, 0);
}

static void test_ops_that_lie(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_ops(f, 0, 0);
	put_u64(f, OPS(0) + OPS_NEXT, ADDRESS(OPS(0)));
	g_assert_cmphex(original(f, TRAMPOLINE(1)), ==, 0);
	put_u64(f, OPS(0) + OPS_NEXT, 0x4141414141414141);
	g_assert_cmphex(original(f, TRAMPOLINE(1)), ==, 0);
	/* Without a function as the original. */
	f->map->symbols[SYMBOL_ftrace_caller] = 0;
	g_assert_cmphex(original(f, TRAMPOLINE(0)), ==, 0);
}

static void put_probe(struct fake_tables *f, unsigned int bucket, unsigned int i, uint64_t next)
{
	put_u64(f, KPROBES + 8 * bucket, ADDRESS(PROBE(i)));
	put_u64(f, PROBE(i) + PROBE_HLIST, next);
	put_u64(f, PROBE(i) + PROBE_ADDR, ADDRESS(PROBED + 0x40 * i));
	put_u64(f, PROBE(i) + PROBE_SLOT, ADDRESS(TRAMPOLINE(2 + i)));
}

static void test_kprobe(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_probe(f, 0, 0, 0);
	put_probe(f, 63, 1, 0);
	g_assert_cmphex(original(f, TRAMPOLINE(2)), ==, ADDRESS(PROBED));
	g_assert_cmphex(original(f, TRAMPOLINE(3) + 5), ==, ADDRESS(PROBED + 0x45));
	g_assert_cmphex(original(f, TRAMPOLINE(3) + 20), ==, 0);
}

/* The copy is only behind the template, and only in an optimised probe. */
static void test_detour(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_probe(f, 5, 0, 0);
	put_u64(f, PROBE(0) + OPTPROBE_DETOUR, ADDRESS(TRAMPOLINE(6)));
	g_assert_cmphex(original(f, TRAMPOLINE(6) + TEMPLATE_SIZE), ==, 0);
	put_u64(f, PROBE(0) + PROBE_HANDLER, ADDRESS(PRE_HANDLER));
	g_assert_cmphex(original(f, TRAMPOLINE(6) + TEMPLATE_SIZE), ==, ADDRESS(PROBED));
	g_assert_cmphex(original(f, TRAMPOLINE(6) + TEMPLATE_SIZE - 1), ==, 0);
}

static void test_probes_that_lie(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_probe(f, 0, 0, ADDRESS(PROBE(0)));
	g_assert_cmphex(original(f, TRAMPOLINE(3)), ==, 0);
	put_probe(f, 0, 0, 0x4141414141414141);
	g_assert_cmphex(original(f, TRAMPOLINE(3)), ==, 0);
}

#define TEST(name, function)                                                                       \
	g_test_add("/trampolines/" name, struct fake_tables, NULL, set_up, function,               \
		   fake_tables_tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	TEST("plain", test_plain);
	TEST("rethook", test_rethook);
	TEST("kretprobe", test_kretprobe);
	TEST("nodes-that-lie", test_nodes_that_lie);
	TEST("function-graph", test_function_graph);
	TEST("ftrace", test_ftrace);
	TEST("ops-that-lie", test_ops_that_lie);
	TEST("kprobe", test_kprobe);
	TEST("detour", test_detour);
	TEST("probes-that-lie", test_probes_that_lie);
	return g_test_run();
}
