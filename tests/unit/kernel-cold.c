/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Thousands of vCPUs without a map. The test generates guest-physical memory on each read: page
 * tables for a map of all memory, and for each CPU its variables, a task and a stack.
 */
#include <string.h>

#include "kernel/cold.h"

#define PAGE_OFFSET 0xffff888000000000ull
#define TABLES 0x1000ull /* level 4, level 3, then level 2, one for each GiB */
#define NUM_GIB 8u

#define CPUS 0x40000000ull /* at 1 GiB; 1 MiB for each CPU */
#define CPU_SIZE 0x100000ull
#define GDT 0x10000u
#define HOT 0x20000u /* the current task, then the top of its stack */
#define TASK 0x80000u
#define STACK 0x90000u
#define STACK_SIZE 0x4000u
#define TSS 0xa0000u

#define MAX_CAPTURED 57344u /* as in a collection */

static uint64_t cpu_address(uint64_t cpu, uint64_t offset)
{
	return PAGE_OFFSET + CPUS + cpu * CPU_SIZE + offset;
}

static uint64_t table_word(uint64_t address)
{
	unsigned int table = (unsigned int)(address / 4096), index = address % 4096 / 8;

	if (table == 1)
		return index == (PAGE_OFFSET >> 39 & 511) ? 0x2003 : 0;
	if (table == 2)
		return index < NUM_GIB ? (0x3000 + 0x1000ull * index) | 3 : 0;
	return ((uint64_t)(table - 3) << 30) + ((uint64_t)index << 21) + 0x83;
}

static uint64_t cpu_word(uint64_t cpu, uint64_t offset)
{
	switch (offset) {
	case HOT:
		return cpu_address(cpu, TASK);
	case HOT + 8:
		return cpu_address(cpu, STACK + STACK_SIZE);
	case TASK + 24:
		return cpu_address(cpu, STACK);
	default:
		return 0;
	}
}

static bool read_word_by_word(void *user_data G_GNUC_UNUSED, gpa_t address, void *buffer,
			      size_t length, GError **error G_GNUC_UNUSED)
{
	for (size_t i = 0; i < length; i++) {
		uint64_t at = address.value + i, aligned = at & ~7ull, word = 0;

		if (aligned >= TABLES && aligned < TABLES + (2 + NUM_GIB) * 4096)
			word = table_word(aligned);
		else if (aligned >= CPUS)
			word = cpu_word((aligned - CPUS) / CPU_SIZE, (aligned - CPUS) % CPU_SIZE);
		((uint8_t *)buffer)[i] = (uint8_t)(word >> 8 * (at - aligned));
	}
	return true;
}

static GArray *make_vcpus(guint count)
{
	GArray *vcpus = g_array_new(FALSE, TRUE, sizeof(struct vcpu_registers));

	for (guint i = 0; i < count; i++) {
		struct vcpu_registers vcpu = {
			.vcpu = i,
			.cr0 = 0x80000001,
			.cr3 = TABLES,
			.cr4 = 0x20,
			.efer = 0x500,
			.rsp = cpu_address(i, STACK + STACK_SIZE - 0x800),
			.gdt = {cpu_address(i, GDT), 127},
			.tr = {.base = cpu_address(i, TSS)},
		};

		g_array_append_val(vcpus, vcpu);
	}
	return vcpus;
}

static void assert_held(const struct snapshot *snapshot, uint64_t cpu, uint64_t offset)
{
	g_assert_nonnull(snapshot_held(snapshot, gpa(CPUS + cpu * CPU_SIZE + offset), NULL));
}

static void check(guint num_vcpus, size_t max_pages, guint least)
{
	const struct guest_extent all = {{0}, (uint64_t)NUM_GIB << 30, 0};
	g_autoptr(GuestMemory) memory =
		guest_memory_new_function(read_word_by_word, NULL, &all, 1, NULL);
	g_autoptr(Snapshot) snapshot = snapshot_new(memory, max_pages);
	g_autoptr(GArray) vcpus = make_vcpus(num_vcpus);
	guint captured = capture_cold(snapshot, vcpus);

	g_assert_cmpuint(captured, >=, least);
	for (guint i = 0; i < captured; i++) {
		assert_held(snapshot, i, HOT);
		assert_held(snapshot, i, TASK);
		assert_held(snapshot, i, STACK + STACK_SIZE - 0x800);
		assert_held(snapshot, i, TSS);
	}
	/* The analysis needs the rest. */
	g_assert_cmpuint(snapshot_room(snapshot), >=, 8000);
	g_test_message("%u of %u vCPUs, %zu pages", captured, num_vcpus,
		       snapshot_num_pages(snapshot));
}

static void test_few(void)
{
	check(4, MAX_CAPTURED, 4);
}

static void test_450(void)
{
	check(450, MAX_CAPTURED, 450);
}

static void test_4096(void)
{
	check(MAX_VCPUS, MAX_CAPTURED, MAX_VCPUS);
}

/* Pages that exceed the limit are left out from the end, and counted. */
static void test_too_many(void)
{
	check(MAX_VCPUS, 16384, 200);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/capture/few", test_few);
	g_test_add_func("/capture/450", test_450);
	g_test_add_func("/capture/4096", test_4096);
	g_test_add_func("/capture/too-many", test_too_many);
	return g_test_run();
}
