/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The number, the current task and the stacks of a vCPU, from data of the kernel. */
#include <string.h>

#include "fake_guest.h"
#include "kernel/cpu.h"

/* Offsets in the image. */
#define PER_CPU_OFFSETS 0x1000u
#define NR_CPU_IDS 0x1800u
#define GDT 0x2000u
#define TSS 0x3000u
#define PERCPU 0x4000u /* of CPU 1: symbols are offsets into this area */
#define TASK 0x6000u
#define OTHER_TASK 0x7000u
#define TASK_STACK 0x10000u
#define OTHER_STACK 0x18000u
#define IRQ_STACK 0x20000u
#define NMI_STACK_TOP 0x30000u
#define ESTACKS 0x40000u
#define STACK_SIZE 0x4000u

#define CURRENT_TASK 0x100u
#define HARDIRQ_STACK_PTR 0x108u
#define PREEMPT_COUNT 0x110u
#define CEA_STACKS 0x118u
#define RUN_QUEUE 0x200u
#define RUN_QUEUE_CURR 0x10u
#define FIELD_STACK 0x20u

#define CR0_PAGING 0x80000001ull
#define EFER_LONG_MODE 0x500ull

#define ADDRESS(offset) (FAKE_GUEST_IMAGE + (offset))

struct fixture {
	struct fake_guest guest;
	struct kernel_map *map;
	struct kernel kernel;
	struct vcpu_registers registers;
	struct cpu cpu;
};

static void put_u64(struct fixture *f, uint64_t offset, uint64_t value)
{
	memcpy(fake_guest_at(&f->guest, offset), &value, sizeof(value));
}

/* GDT_ENTRY_CPUNODE: its limit is the CPU number. */
static void put_number(struct fixture *f, unsigned int number)
{
	const uint8_t entry[8] = {(uint8_t)number, (uint8_t)(number >> 8), 0, 0, 0, 0xf5, 0, 0};

	memcpy(fake_guest_at(&f->guest, GDT + 15 * 8), entry, sizeof(entry));
}

static void put_tss(struct fixture *f, unsigned int at, uint64_t value)
{
	put_u64(f, TSS + at, value);
}

static void set_up(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	fake_guest_init(&f->guest, 2 << 20);
	f->map = kernel_map_new();
	f->map->banner = g_strdup("Linux version 6.6.6 (a) (b) #1 SMP");
	f->map->root = f->guest.space.root;
	f->map->levels = 4;
	f->map->stack_size = STACK_SIZE;
	f->map->symbols[SYMBOL___per_cpu_offset] = ADDRESS(PER_CPU_OFFSETS);
	f->map->symbols[SYMBOL_nr_cpu_ids] = ADDRESS(NR_CPU_IDS);
	f->map->symbols[SYMBOL_current_task] = CURRENT_TASK;
	f->map->symbols[SYMBOL_hardirq_stack_ptr] = HARDIRQ_STACK_PTR;
	f->map->symbols[SYMBOL___preempt_count] = PREEMPT_COUNT;
	f->map->symbols[SYMBOL_cea_exception_stacks] = CEA_STACKS;
	f->map->fields[FIELD_task_stack] = FIELD_STACK;
	put_u64(f, PER_CPU_OFFSETS, ADDRESS(0x9000));
	put_u64(f, PER_CPU_OFFSETS + 8, ADDRESS(PERCPU));
	put_u64(f, NR_CPU_IDS, 2);
	put_u64(f, PERCPU + CURRENT_TASK, ADDRESS(TASK));
	put_u64(f, PERCPU + HARDIRQ_STACK_PTR, ADDRESS(IRQ_STACK + STACK_SIZE - 8));
	put_u64(f, PERCPU + PREEMPT_COUNT, 0x10002);
	put_u64(f, PERCPU + CEA_STACKS, ADDRESS(ESTACKS));
	put_u64(f, TASK + FIELD_STACK, ADDRESS(TASK_STACK));
	put_number(f, 1);
	put_tss(f, 36 + 8, ADDRESS(NMI_STACK_TOP));
	f->registers = (struct vcpu_registers){
		.cr0 = CR0_PAGING,
		.efer = EFER_LONG_MODE,
		.gdt = {ADDRESS(GDT), 127},
		.tr = {.base = ADDRESS(TSS)},
		.rsp = ADDRESS(TASK_STACK + 0x3000),
	};
}

static void tear_down(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	kernel_clear(&f->kernel);
	kernel_map_free(f->map);
	fake_guest_clear(&f->guest);
}

static void identify(struct fixture *f)
{
	fake_guest_forget(&f->guest);
	kernel_init(&f->kernel, f->map, f->guest.snapshot);
	cpu_identify(&f->kernel, &f->registers, &f->cpu);
}

static const struct stack *find_stack(struct fixture *f, enum stack_kind kind)
{
	for (unsigned int i = 0; i < f->cpu.num_stacks; i++)
		if (f->cpu.stacks[i].kind == kind)
			return &f->cpu.stacks[i];
	return NULL;
}

static void assert_stack(struct fixture *f, enum stack_kind kind, uint64_t low, uint64_t high)
{
	const struct stack *stack = find_stack(f, kind);

	g_assert_nonnull(stack);
	g_assert_cmphex(stack->low.value, ==, ADDRESS(low));
	g_assert_cmphex(stack->high.value, ==, ADDRESS(high));
}

static void test_all(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	identify(f);
	g_assert_true(f->cpu.known);
	g_assert_cmpuint(f->cpu.number, ==, 1);
	g_assert_cmphex(f->cpu.percpu.value, ==, ADDRESS(PERCPU));
	g_assert_cmphex(f->cpu.current.value, ==, ADDRESS(TASK));
	g_assert_true(f->cpu.preempt_known);
	g_assert_cmphex(f->cpu.preempt_count, ==, 0x10002);
	assert_stack(f, STACK_TASK, TASK_STACK, TASK_STACK + STACK_SIZE);
	assert_stack(f, STACK_IRQ, IRQ_STACK, IRQ_STACK + STACK_SIZE);
	g_assert_cmphex(find_stack(f, STACK_NMI)->high.value, ==, ADDRESS(NMI_STACK_TOP));
	g_assert_null(find_stack(f, STACK_DOUBLE_FAULT));
	g_assert_cmpuint(find_stack(f, STACK_NMI)->padding, ==, 0);
	g_assert_cmphex(f->cpu.stack_task.value, ==, 0);
}

/* The number is not set up yet: in kernel mode the GS base is the CPU's own. */
static void test_number_from_gs(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	memset(fake_guest_at(&f->guest, GDT + 15 * 8), 0, 8);
	identify(f);
	g_assert_false(f->cpu.known);
	f->registers.gs.base = ADDRESS(PERCPU);
	identify(f);
	g_assert_true(f->cpu.known);
	g_assert_cmpuint(f->cpu.number, ==, 1);
}

static void test_wrong_number(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_number(f, 7);
	identify(f);
	g_assert_false(f->cpu.known);
	g_assert_cmphex(f->cpu.current.value, ==, 0);
}

static void test_one_cpu(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_free(f->map->banner);
	f->map->banner = g_strdup("Linux version 6.6.6 (a) (b) #1");
	f->map->symbols[SYMBOL_current_task] = ADDRESS(PERCPU + CURRENT_TASK);
	put_number(f, 0);
	identify(f);
	g_assert_true(f->cpu.known);
	g_assert_cmphex(f->cpu.current.value, ==, ADDRESS(TASK));
}

/* During a task switch: the stack already belongs to another task. */
static void test_other_stack(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->registers.rsp = ADDRESS(OTHER_STACK + 0x3000);
	identify(f);
	g_assert_nonnull(cpu_find_stack(&f->cpu, gva(f->registers.rsp)));
	g_assert_cmphex(cpu_find_stack(&f->cpu, gva(f->registers.rsp))->low.value, ==,
			ADDRESS(OTHER_STACK));
}

static enum stack_kind kind_of_stack(struct fixture *f)
{
	const struct stack *stack;

	identify(f);
	stack = cpu_find_stack(&f->cpu, gva(f->registers.rsp));
	g_assert_nonnull(stack);
	return stack->kind;
}

/* A stack that may be the IRQ stack is no task's stack. */
static void test_unknown_stack(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->registers.rsp = ADDRESS(IRQ_STACK + 0x3000);
	g_assert_cmpint(kind_of_stack(f), ==, STACK_IRQ);
	f->map->symbols[SYMBOL_hardirq_stack_ptr] = 0;
	g_assert_cmpint(kind_of_stack(f), ==, STACK_UNKNOWN);
	f->map->symbols[SYMBOL_current_task] = 0;
	g_assert_cmpint(kind_of_stack(f), ==, STACK_UNKNOWN);
	/* Only a task's, if the IRQ stack is known. */
	f->map->symbols[SYMBOL_hardirq_stack_ptr] = HARDIRQ_STACK_PTR;
	f->registers.rsp = ADDRESS(OTHER_STACK + 0x3000);
	g_assert_cmpint(kind_of_stack(f), ==, STACK_TASK);
}

/* The run queue names the task, so it is no IRQ stack. */
static void test_stack_of_run_queue(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->map->symbols[SYMBOL_hardirq_stack_ptr] = 0;
	f->map->symbols[SYMBOL_runqueues] = RUN_QUEUE;
	f->map->fields[FIELD_rq_curr] = RUN_QUEUE_CURR;
	put_u64(f, PERCPU + RUN_QUEUE + RUN_QUEUE_CURR, ADDRESS(OTHER_TASK));
	put_u64(f, OTHER_TASK + FIELD_STACK, ADDRESS(OTHER_STACK));
	f->registers.rsp = ADDRESS(OTHER_STACK + 0x3000);
	g_assert_cmpint(kind_of_stack(f), ==, STACK_TASK);
	g_assert_cmphex(f->cpu.stack_task.value, ==, ADDRESS(OTHER_TASK));
}

/* KASAN doubles the size of stacks. */
static void test_large_stacks(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->map->stack_size = 2 * STACK_SIZE;
	put_u64(f, PERCPU + HARDIRQ_STACK_PTR, ADDRESS(IRQ_STACK + 2 * STACK_SIZE - 8));
	identify(f);
	assert_stack(f, STACK_TASK, TASK_STACK, TASK_STACK + 2 * STACK_SIZE);
	assert_stack(f, STACK_IRQ, IRQ_STACK, IRQ_STACK + 2 * STACK_SIZE);
}

static void put_fred(struct fixture *f)
{
	put_tss(f, 36 + 8, 0);
	f->map->fields[FIELD_cea_stacks_df] = 0x1000;
	f->map->fields[FIELD_cea_stacks_nmi] = 0x4000;
	f->map->fields[FIELD_cea_stacks_db] = 0x7000;
	f->map->fields[FIELD_cea_stacks_mce] = 0xa000;
	f->map->fields[FIELD_cea_stacks_vc_guard] = 0xc000;
}

/* With FRED the TSS has no exception stacks, and the hardware pushes two more words. */
static void test_fred(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_fred(f);
	identify(f);
	assert_stack(f, STACK_DOUBLE_FAULT, ESTACKS + 0x1000, ESTACKS + 0x3000);
	assert_stack(f, STACK_NMI, ESTACKS + 0x4000, ESTACKS + 0x6000);
	assert_stack(f, STACK_DEBUG, ESTACKS + 0x7000, ESTACKS + 0x9000);
	assert_stack(f, STACK_MACHINE_CHECK, ESTACKS + 0xa000, ESTACKS + 0xc000);
	g_assert_cmpuint(find_stack(f, STACK_NMI)->padding, ==, 16);
}

/* From an exception stack of FRED to the previous stack, the task's. */
static void test_fred_previous_stack(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_fred(f);
	f->registers.rsp = ADDRESS(ESTACKS + 0x5000);
	put_u64(f, ESTACKS + 0x6000 - 32, ADDRESS(OTHER_STACK + 0x2000));
	identify(f);
	g_assert_nonnull(cpu_find_stack(&f->cpu, gva(ADDRESS(OTHER_STACK + 0x2000))));
}

static void test_fred_lies(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_fred(f);
	f->map->fields[FIELD_cea_stacks_nmi] = 0x40000000;
	f->map->fields[FIELD_cea_stacks_mce] = 0x10;
	identify(f);
	g_assert_null(find_stack(f, STACK_DOUBLE_FAULT));
	g_assert_null(find_stack(f, STACK_NMI));
	g_assert_null(find_stack(f, STACK_DEBUG));
	for (unsigned int i = 0; i < f->cpu.num_stacks; i++)
		g_assert_cmpuint(f->cpu.stacks[i].padding, ==, 0);
}

static void test_firmware(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->registers.efer = 0;
	identify(f);
	g_assert_false(f->cpu.known);
	g_assert_cmpuint(f->cpu.num_stacks, ==, 0);
}

#define TEST(name, function)                                                                       \
	g_test_add("/cpu/" name, struct fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	TEST("all", test_all);
	TEST("number-from-gs", test_number_from_gs);
	TEST("wrong-number", test_wrong_number);
	TEST("one-cpu", test_one_cpu);
	TEST("other-stack", test_other_stack);
	TEST("unknown-stack", test_unknown_stack);
	TEST("stack-of-run-queue", test_stack_of_run_queue);
	TEST("large-stacks", test_large_stacks);
	TEST("fred", test_fred);
	TEST("fred-previous-stack", test_fred_previous_stack);
	TEST("fred-lies", test_fred_lies);
	TEST("firmware", test_firmware);
	return g_test_run();
}
