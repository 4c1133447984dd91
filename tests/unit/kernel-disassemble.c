/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code of Debian's kernels and of the scenario module, from memory, and the output of the kernel's
 * own tools (scripts/decodecode, objdump) for this code.
 */
#include <string.h>

#include "kernel/x86_64/disassemble.h"

#define PC 0xffffffffc00ec013ull

/* scenario_null_deref of Debian's 5.10, up to its write through a null pointer. */
static const uint8_t null_deref[] = {
	0x66, 0x66, 0x66, 0x66, 0x90, 0x48, 0x8b, 0x05, 0xe4, 0x24, 0x00,
	0x00, 0x48, 0x89, 0x05, 0xd5, 0x24, 0x00, 0x00, 0xc7, 0x07, 0x01,
	0x00, 0x00, 0x00, 0x8b, 0x07, 0x83, 0xc0, 0x01, 0xc3, 0xcc,
};

static const struct instruction *at(const GArray *instructions, guint i)
{
	g_assert_cmpuint(i, <, instructions->len);
	return &g_array_index(instructions, struct instruction, i);
}

static GArray *new_registers(void)
{
	static const struct named_register all[] = {
		{"rax", "RAX", 16, 0, 0xffff888001234000},
		{"rbx", "RBX", 16, 0, 0},
		{"rcx", "RCX", 16, 0, 2},
		{"rdi", "RDI", 16, 0, 0},
		{"rdx", "RDX", 16, 0, 0xdead000000000100},
		{"rsp", "RSP", 16, 0, 0xffffc90000123000},
		{"r8", "R08", 16, 0, 0x100000000},
		{"gs_base", "GS", 16, 0, 0x5000},
	};
	GArray *registers = g_array_new(FALSE, FALSE, sizeof(struct named_register));

	g_array_append_vals(registers, all, G_N_ELEMENTS(all));
	return registers;
}

static void test_function(void)
{
	const struct code code = {null_deref, sizeof(null_deref), gva(PC - 0x13), gva(PC), true,
				  true};
	g_autoptr(GArray) instructions = disassemble(&code, 8, 3);

	g_assert_cmpuint(instructions->len, ==, 7);
	g_assert_cmpstr(at(instructions, 1)->text, ==, "movq 0x24e4(%rip), %rax");
	g_assert_cmpstr(at(instructions, 3)->text, ==, "movl $1, (%rdi)");
	g_assert_cmphex(at(instructions, 3)->address.value, ==, PC);
	g_assert_cmpuint(at(instructions, 3)->length, ==, 6);
	g_assert_cmpmem(at(instructions, 3)->bytes, 6, null_deref + 0x13, 6);
	for (guint i = 0; i < instructions->len; i++)
		g_assert_cmpint(at(instructions, i)->at_fault, ==, i == 3);
	g_assert_cmpstr(at(instructions, 6)->text, ==, "retq");
}

/* With a smaller limit the disassembler returns the nearest instructions. */
static void test_bounds(void)
{
	const struct code code = {null_deref, sizeof(null_deref), gva(PC - 0x13), gva(PC), true,
				  true};
	g_autoptr(GArray) instructions = disassemble(&code, 1, 0);

	g_assert_cmpuint(instructions->len, ==, 2);
	g_assert_cmpstr(at(instructions, 0)->text, ==, "movq %rax, 0x24d5(%rip)");
	g_assert_true(at(instructions, 1)->at_fault);
}

/* With a start inside an instruction the first instructions may be wrong, but pc is correct. */
static void test_unknown_start(void)
{
	for (size_t cut = 1; cut <= 0x13; cut++) {
		const struct code code = {null_deref + cut,
					  sizeof(null_deref) - cut,
					  gva(PC - 0x13 + cut),
					  gva(PC),
					  false,
					  true};
		g_autoptr(GArray) instructions = disassemble(&code, 8, 3);
		guint found = 0;

		for (guint i = 0; i < instructions->len; i++) {
			if (!at(instructions, i)->at_fault)
				continue;
			found++;
			g_assert_cmpstr(at(instructions, i)->text, ==, "movl $1, (%rdi)");
		}
		g_assert_cmpuint(found, ==, 1);
	}
}

/* Bytes that are not code, and code truncated at any place. */
static void test_nonsense(void)
{
	uint8_t bytes[96];

	for (unsigned int seed = 0; seed < 2000; seed++) {
		g_autoptr(GRand) random = g_rand_new_with_seed(seed);
		g_autoptr(GArray) registers = new_registers();
		struct code code = {.bytes = bytes, .start = gva(PC), .placed = seed % 2};
		g_autoptr(GArray) instructions = NULL;
		g_autofree char *words = NULL;
		guint found = 0;

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)g_rand_int(random);
		code.length = (size_t)g_rand_int_range(random, 1, sizeof(bytes));
		code.pc = gva_add(code.start,
				  (uint64_t)g_rand_int_range(random, 0, (gint32)code.length));
		instructions = disassemble(&code, 8, 5);
		for (guint i = 0; i < instructions->len; i++)
			found += at(instructions, i)->at_fault;
		g_assert_cmpuint(found, ==, 1);
		g_assert_cmpuint(instructions->len, <=, 8 + 1 + 5);
		words = explain_address(&code, registers, (struct maybe_uint){seed % 3 > 0, seed});
	}
}

static void test_outside(void)
{
	const struct code code = {null_deref, sizeof(null_deref), gva(PC), gva(PC - 1), true, true};
	g_autoptr(GArray) instructions = disassemble(&code, 8, 3);
	g_autoptr(GArray) registers = new_registers();

	g_assert_cmpuint(instructions->len, ==, 0);
	g_assert_null(explain_address(&code, registers, (struct maybe_uint){true, 0}));
}

static void test_call(void)
{
	static const uint8_t call[] = {0xe8, 0x08, 0x00, 0x00, 0x00, 0xff, 0xd0};
	const struct code code = {call, sizeof(call), gva(PC), gva(PC), true, true};
	g_autoptr(GArray) instructions = disassemble(&code, 0, 1);

	g_assert_true(at(instructions, 0)->target.known);
	g_assert_cmphex(at(instructions, 0)->target.value, ==, PC + 5 + 8);
	g_assert_cmpstr(at(instructions, 1)->text, ==, "callq *%rax");
	g_assert_false(at(instructions, 1)->target.known);
}

static void test_explanations(void)
{
	static const struct {
		const char *bytes;
		size_t length;
		bool address_known;
		uint64_t address;
		const char *words;
	} cases[] = {
		/* movl $1, (%rdi) */
		{"\xc7\x07\x01\0\0\0", 6, true, 0,
		 "address 0x0 = RDI (0x0), which this instruction writes"},
		/* movq 0x8(%rbx), %rax */
		{"\x48\x8b\x43\x08", 4, true, 8,
		 "address 0x8 = RBX (0x0) + 0x8, which this instruction reads"},
		/* movq -0x8(%rbx), %rax */
		{"\x48\x8b\x43\xf8", 4, true, -8ull,
		 "address 0xfffffffffffffff8 = RBX (0x0) - 0x8, which this instruction reads"},
		/*
		 * movq 0x10(%rbx,%rcx,8), %rax; and an address that this instruction does not
		 * explain
		 */
		{"\x48\x8b\x44\xcb\x10", 5, true, 0x20,
		 "address 0x20 = RBX (0x0) + RCX (0x2) * 8 + 0x10, which this instruction reads"},
		{"\x48\x8b\x44\xcb\x10", 5, true, 0x1020, NULL},
		/* the last byte of the read memory; the first byte after it */
		{"\x48\x8b\x43\x08", 4, true, 0xf,
		 "address 0x8 = RBX (0x0) + 0x8, which this instruction reads"},
		{"\x48\x8b\x43\x08", 4, true, 0x10, NULL},
		/*
		 * movq (%rdx), %rax: the poison value of a list; the kernel prints no address for
		 * it
		 */
		{"\x48\x8b\x02", 3, false, 0,
		 "RDX (0xdead000000000100) = 0xdead000000000100 is not a canonical address"},
		{"\x48\x8b\x00", 3, false, 0, NULL},
		/* movl (%r8d), %eax */
		{"\x67\x41\x8b\x00", 4, true, 0,
		 "address 0x0 = R8D (0x0), which this instruction reads"},
		/* movq %gs:0x28, %rax */
		{"\x65\x48\x8b\x04\x25\x28\0\0\0", 9, true, 0x5028,
		 "address 0x5028 = GS (0x5000) + 0x28, which this instruction reads"},
		/* movq 0x10(%rip), %rax */
		{"\x48\x8b\x05\x10\0\0\0", 7, true, PC + 7 + 0x10,
		 "address 0xffffffffc00ec02a = 0xffffffffc00ec02a, fixed in the instruction, which "
		 "this "
		 "instruction reads"},
		/* pushq %rax; callq; popq %rax */
		{"\x50", 1, true, 0xffffc90000122ff8,
		 "address 0xffffc90000122ff8 = RSP (0xffffc90000123000) - 0x8, the stack"},
		{"\xe8\0\0\0\0", 5, true, 0xffffc90000122ff8,
		 "address 0xffffc90000122ff8 = RSP (0xffffc90000123000) - 0x8, the stack"},
		{"\x58", 1, true, 0xffffc90000123000,
		 "address 0xffffc90000123000 = RSP (0xffffc90000123000), the stack"},
		/* idivl %ebx; divq %rcx */
		{"\xf7\xfb", 2, false, 0, "EBX (0x0) is the divisor"},
		{"\x48\xf7\xf1", 3, false, 0, NULL},
		/* leaq (%rdi), %rax touches nothing; ud2 has no operand */
		{"\x48\x8d\x07", 3, true, 0, NULL},
		{"\x0f\x0b", 2, false, 0, NULL},
		/* a jump to a bad address */
		{"\x90", 1, true, PC,
		 "address 0xffffffffc00ec013 = RIP: the CPU was sent there to run"},
		/* a register with an unknown value */
		{"\x4d\x8b\x3f", 3, true, 0, NULL},
	};
	g_autoptr(GArray) registers = new_registers();

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct code code = {(const uint8_t *)cases[i].bytes,
					  cases[i].length,
					  gva(PC),
					  gva(PC),
					  true,
					  true};
		g_autofree char *words = explain_address(
			&code, registers,
			(struct maybe_uint){cases[i].address_known, cases[i].address});

		g_test_message("case %zu", i);
		g_assert_cmpstr(words, ==, cases[i].words);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/kernel/disassemble/function", test_function);
	g_test_add_func("/kernel/disassemble/bounds", test_bounds);
	g_test_add_func("/kernel/disassemble/unknown-start", test_unknown_start);
	g_test_add_func("/kernel/disassemble/nonsense", test_nonsense);
	g_test_add_func("/kernel/disassemble/outside", test_outside);
	g_test_add_func("/kernel/disassemble/call", test_call);
	g_test_add_func("/kernel/disassemble/explanations", test_explanations);
	return g_test_run();
}
