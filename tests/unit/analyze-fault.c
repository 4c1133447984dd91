/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fault when the guest has not printed its registers: chooses the CPU whose stack shows the
 * fault.
 */
#include "analyze/fault.h"

#include "fake_tables.h"

struct fixture {
	struct fake_tables tables;
	struct analysis analysis;
	struct oops_text oops;
};

static void set_up(struct fixture *f, gconstpointer unused)
{
	fake_tables_set_up(&f->tables, unused);
	analysis_init(&f->analysis, snapshot_new(f->tables.guest.memory, 16), NULL, false);
	f->analysis.map = f->tables.map;
	kernel_init(&f->analysis.kernel, f->analysis.map, f->analysis.frozen);
	f->oops = (struct oops_text){.kind = g_strdup("BUG: unable to handle page fault")};
}

static void tear_down(struct fixture *f, gconstpointer unused)
{
	oops_text_clear(&f->oops);
	f->analysis.map = NULL;
	analysis_clear(&f->analysis);
	fake_tables_tear_down(&f->tables, unused);
}

static void add_vcpu(struct fixture *f, unsigned int number)
{
	struct report_vcpu vcpu = {
		.vcpu = number,
		.cpu = {true, number},
		.task = {.known = true, .pid = {true, 100 + number}, .comm = g_strdup("sh")},
		.frames = frames_new(),
	};

	g_array_append_val(f->analysis.report->vcpus, vcpu);
}

static GArray *saved_registers(uint64_t rax)
{
	GArray *registers = g_array_new(FALSE, FALSE, sizeof(struct named_register));
	const struct named_register saved = {"rax", "RAX", 16, 1, rax};

	g_array_append_val(registers, saved);
	return registers;
}

/* Adds a frame to the last vCPU; an interrupted frame has @rax. */
static void add_frame(struct fixture *f, const char *function, const char *module, uint64_t rax)
{
	GArray *vcpus = f->analysis.report->vcpus;
	struct frame frame = {
		.pc = gva(ADDRESS(0x1000)),
		.stack = STACK_TASK,
		.interrupted = rax != 0,
		.reliable = true,
		.symbol = {.name = g_strdup(function), .module = g_strdup(module)},
		.registers = rax ? saved_registers(rax) : NULL,
	};

	g_array_append_val(g_array_index(vcpus, struct report_vcpu, vcpus->len - 1).frames, frame);
}

/* 0: unknown fault. */
static uint64_t rax_of_fault(struct fixture *f)
{
	const struct report_fault *fault = &f->analysis.report->fault;
	uint64_t value;

	fault_fill(&f->analysis, &f->oops);
	return fault->known && named_register_find(fault->registers, "rax", &value) ? value : 0;
}

/*
 * The inner fault: reading the code faulted again, and 5.10 asks the same function if that is an
 * oops. The outer context: a served interrupt.
 */
static void add_oopsing(struct fixture *f, unsigned int number, uint64_t rax)
{
	add_vcpu(f, number);
	add_frame(f, "copy_from_kernel_nofault", NULL, 0);
	add_frame(f, "no_context", NULL, 0);
	add_frame(f, "asm_exc_page_fault", NULL, 0);
	add_frame(f, "copy_from_kernel_nofault", NULL, 0x11);
	add_frame(f, "show_opcodes", NULL, 0);
	add_frame(f, "__die_body.cold", NULL, 0);
	add_frame(f, "page_fault_oops", NULL, 0);
	add_frame(f, "asm_exc_page_fault", NULL, 0);
	add_frame(f, "memcpy", NULL, rax);
	add_frame(f, "culprit.isra.0", "a_module", 0);
	add_frame(f, "asm_sysvec_irq_work", NULL, 0);
	add_frame(f, "irq_work_queue", NULL, 0x33);
}

static void test_only_one(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	add_vcpu(f, 0);
	add_frame(f, "asm_sysvec_apic_timer_interrupt", NULL, 0);
	add_frame(f, "default_idle", NULL, 0x44);
	add_oopsing(f, 1, 0x22);
	g_assert_cmphex(rax_of_fault(f), ==, 0x22);
	g_assert_cmpstr(f->analysis.report->fault.source, ==, "stack");
	/* Also the function for the title and the headline. */
	g_assert_cmpstr(f->oops.blame.functions[0], ==, "culprit");
	g_assert_cmpstr(f->oops.blame.module, ==, "a_module");
	g_assert_cmpint(f->oops.cpu.value, ==, 1);
	g_assert_cmpint(f->oops.pid.value, ==, 101);
	g_assert_cmpstr(f->oops.comm, ==, "sh");
}

static void test_two(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	add_oopsing(f, 0, 0x22);
	add_oopsing(f, 1, 0x55);
	g_assert_cmphex(rax_of_fault(f), ==, 0);
	g_assert_false(f->oops.cpu.known);
}

/*
 * The guest printed an address as the place, since no code is there: the frame has this address,
 * and its callers are to blame, which the guest's own unwinder does not know for certain.
 */
static void test_no_code(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	add_vcpu(f, 1);
	add_frame(f, "page_fault_oops", NULL, 0);
	add_frame(f, "asm_exc_page_fault", NULL, 0);
	add_frame(f, NULL, NULL, 0x22);
	add_frame(f, "culprit", "a_module", 0);
	f->oops.complete = true;
	f->oops.cpu = (struct maybe_int){true, 1};
	f->oops.registers.place = g_strdup("0xffffffff81001000");
	f->oops.registers.rip = (struct maybe_uint){true, ADDRESS(0x1000)};
	f->oops.registers.registers = saved_registers(0x11);
	g_assert_cmphex(rax_of_fault(f), ==, 0x22);
	g_assert_cmpstr(f->oops.blame.functions[0], ==, "culprit");
	g_assert_cmpstr(f->oops.blame.module, ==, "a_module");
}

/* A function that the log names without registers may belong to an NMI within the oops. */
static void test_another_function(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	add_oopsing(f, 1, 0x22);
	f->oops.blame.functions[0] = g_strdup("serial8250_console_write");
	g_assert_cmphex(rax_of_fault(f), ==, 0x22);
	g_assert_cmpstr(f->oops.blame.functions[0], ==, "culprit");
	g_assert_cmpstr(f->oops.blame.module, ==, "a_module");
}

/* The guest's log selects one of two CPUs. */
static void test_one_of_two(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	add_oopsing(f, 0, 0x22);
	add_oopsing(f, 1, 0x55);
	f->oops.cpu = (struct maybe_int){true, 1};
	g_assert_cmphex(rax_of_fault(f), ==, 0x55);
}

/* A CPU without an oops, a module function with such a name, and user mode. */
static void test_none(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	add_vcpu(f, 0);
	add_frame(f, "asm_exc_page_fault", NULL, 0);
	add_frame(f, "memcpy", NULL, 0x22);
	add_vcpu(f, 1);
	add_frame(f, "die", "dice", 0);
	add_frame(f, "roll", "dice", 0x33);
	add_vcpu(f, 2);
	add_frame(f, "die", NULL, 0);
	g_assert_cmphex(rax_of_fault(f), ==, 0);
	g_assert_null(f->oops.blame.functions[0]);
}

#define TEST(name, function)                                                                       \
	g_test_add("/fault/" name, struct fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	TEST("only-one", test_only_one);
	TEST("two", test_two);
	TEST("no-code", test_no_code);
	TEST("one-of-two", test_one_of_two);
	TEST("another-function", test_another_function);
	TEST("none", test_none);
	return g_test_run();
}
