// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keeps a CPU busy in a BPF program: loads a program with a loop and runs it repeatedly. Has no C
 * library, so that the binary is small enough to be sent to a guest as text.
 */
#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#define INSN(c, d, s, o, i)                                                                        \
	{                                                                                          \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)                \
	}

/* for (r1 = 0; r1 < 8000; r1++) r2 += r1; return 0 */
static const struct bpf_insn program[] = {
	INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, 0),
	INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 0),
	INSN(BPF_ALU64 | BPF_ADD | BPF_X, BPF_REG_2, BPF_REG_1, 0, 0),
	INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_1, 0, 0, 1),
	INSN(BPF_JMP | BPF_JLT | BPF_K, BPF_REG_1, 0, -3, 8000),
	INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0),
	INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
};

static long call(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

static long bpf(int command, union bpf_attr *attributes)
{
	return call(SYS_bpf, command, (long)attributes, sizeof(*attributes));
}

static void clear(union bpf_attr *attributes)
{
	for (size_t i = 0; i < sizeof(*attributes); i++)
		((volatile char *)attributes)[i] = 0;
}

static int run(void)
{
	static uint8_t packet[64];
	union bpf_attr load, test;
	long fd;

	clear(&load);
	load.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	load.insns = (uint64_t)program;
	load.insn_cnt = sizeof(program) / sizeof(program[0]);
	load.license = (uint64_t) "GPL";
	fd = bpf(BPF_PROG_LOAD, &load);
	if (fd < 0)
		return (int)-fd;
	for (;;) {
		clear(&test);
		test.test.prog_fd = (uint32_t)fd;
		test.test.data_in = (uint64_t)packet;
		test.test.data_size_in = sizeof(packet);
		test.test.repeat = 1000000;
		if (bpf(BPF_PROG_TEST_RUN, &test) < 0)
			return 1;
	}
}

void _start(void)
{
	call(SYS_exit_group, run(), 0, 0);
}
