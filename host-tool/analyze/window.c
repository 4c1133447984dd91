// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/window.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/syscall.h>

#define ARGUMENT(i) ((uint32_t)offsetof(struct seccomp_data, args[i]))
#define LOW(i) ARGUMENT(i)
#define HIGH(i) (ARGUMENT(i) + 4)

/* pread64(fd, buffer, count, offset) */
enum { FD = 0, COUNT = 2, OFFSET = 3 };

/* A page-aligned range of the file. */
struct range {
	uint64_t start, end;
};

static void load(GArray *program, uint32_t at)
{
	const struct sock_filter instruction = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at);

	g_array_append_val(program, instruction);
}

/* Skips @if_true or @if_false instructions. */
static void jump(GArray *program, uint16_t test, uint32_t value, uint8_t if_true, uint8_t if_false)
{
	const struct sock_filter instruction =
		BPF_JUMP(BPF_JMP | test | BPF_K, value, if_true, if_false);

	g_array_append_val(program, instruction);
}

static void give(GArray *program, uint32_t verdict)
{
	const struct sock_filter instruction = BPF_STMT(BPF_RET | BPF_K, verdict);

	g_array_append_val(program, instruction);
}

/* Handles calls other than a pread64() of whole pages of @memory_fd. */
static void add_head(GArray *program, int memory_fd, uint32_t denied)
{
	load(program, offsetof(struct seccomp_data, arch));
	jump(program, BPF_JEQ, AUDIT_ARCH_X86_64, 1, 0);
	give(program, denied);
	load(program, offsetof(struct seccomp_data, nr));
	jump(program, BPF_JEQ, SYS_pread64, 3, 0);
	jump(program, BPF_JEQ, SYS_seccomp, 0, 1);
	give(program, denied);
	give(program, SECCOMP_RET_ALLOW);
	load(program, LOW(FD));
	jump(program, BPF_JEQ, (uint32_t)memory_fd, 1, 0);
	give(program, denied);
	load(program, HIGH(COUNT));
	jump(program, BPF_JEQ, 0, 1, 0);
	give(program, denied);
	load(program, LOW(OFFSET));
	jump(program, BPF_JSET, (uint32_t)~GUEST_PAGE_MASK, 0, 1);
	give(program, denied);
}

/*
 * Allows up to @count bytes from @first to @last, both included; else continues after this block.
 */
static void allow(GArray *program, uint64_t first, uint64_t last, uint32_t count)
{
	load(program, LOW(COUNT));
	jump(program, BPF_JGT, count, 11, 0);
	load(program, HIGH(OFFSET));
	jump(program, BPF_JGT, (uint32_t)(first >> 32), 3, 0);
	jump(program, BPF_JEQ, (uint32_t)(first >> 32), 0, 8);
	load(program, LOW(OFFSET));
	jump(program, BPF_JGE, (uint32_t)first, 0, 6);
	load(program, HIGH(OFFSET));
	jump(program, BPF_JGT, (uint32_t)(last >> 32), 4, 0);
	jump(program, BPF_JEQ, (uint32_t)(last >> 32), 0, 2);
	load(program, LOW(OFFSET));
	jump(program, BPF_JGT, (uint32_t)last, 1, 0);
	give(program, SECCOMP_RET_ALLOW);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *left = a, *right = b;

	return (left->start > right->start) - (left->start < right->start);
}

static struct range *range_at(GArray *ranges, guint i)
{
	return &g_array_index(ranges, struct range, i);
}

static void join(GArray *ranges, guint i)
{
	range_at(ranges, i)->end = MAX(range_at(ranges, i)->end, range_at(ranges, i + 1)->end);
	g_array_remove_index(ranges, i + 1);
}

/* The range before the smallest gap. */
static guint find_nearest(GArray *ranges)
{
	guint nearest = 0;
	uint64_t smallest = UINT64_MAX;

	for (guint i = 0; i + 1 < ranges->len; i++) {
		uint64_t gap = range_at(ranges, i + 1)->start - range_at(ranges, i)->end;

		if (gap < smallest) {
			smallest = gap;
			nearest = i;
		}
	}
	return nearest;
}

static GArray *make_ranges(const struct guest_extent *extents, size_t num_extents)
{
	GArray *ranges = g_array_new(FALSE, FALSE, sizeof(struct range));

	for (size_t i = 0; i < num_extents; i++) {
		uint64_t end = extents[i].file_offset + extents[i].length;
		const struct range range = {
			.start = extents[i].file_offset & GUEST_PAGE_MASK,
			.end = (end + GUEST_PAGE_SIZE - 1) & GUEST_PAGE_MASK,
		};

		if (range.start < range.end)
			g_array_append_val(ranges, range);
	}
	g_array_sort(ranges, compare_ranges);
	for (guint i = 0; i + 1 < ranges->len;) {
		if (range_at(ranges, i + 1)->start <= range_at(ranges, i)->end)
			join(ranges, i);
		else
			i++;
	}
	while (ranges->len > WINDOW_MAX_EXTENTS)
		join(ranges, find_nearest(ranges));
	return ranges;
}

GArray *window_program(int memory_fd, const struct guest_extent *extents, size_t num_extents,
		       uint32_t denied)
{
	GArray *program = g_array_new(FALSE, FALSE, sizeof(struct sock_filter));
	g_autoptr(GArray) ranges = make_ranges(extents, memory_fd < 0 ? 0 : num_extents);

	add_head(program, memory_fd, denied);
	for (guint i = 0; i < ranges->len; i++) {
		const struct range *range = range_at(ranges, i);

		allow(program, range->start, range->end - GUEST_PAGE_SIZE, GUEST_PAGE_SIZE);
		if (range->end - range->start >= GUEST_MEMORY_MAX_READ)
			allow(program, range->start, range->end - GUEST_MEMORY_MAX_READ,
			      GUEST_MEMORY_MAX_READ);
	}
	give(program, denied);
	return program;
}
