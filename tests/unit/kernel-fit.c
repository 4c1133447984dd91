// SPDX-License-Identifier: GPL-2.0-or-later
/* Distinguishes a vCPU that runs the kernel of the map from a vCPU that does not. */
#include <string.h>

#include "fake_guest.h"
#include "kernel/arch.h"
#include "kernel/cpu.h"

#define IMAGE_LENGTH (4u << 20)
#define PHYSICAL_START (2ull << 20) /* of the image in a fake guest */
/* In the image: CPU 1's variables, with its GDT; the table of all CPUs' offsets. */
#define PERCPU 0x200000ull
#define GDT_PAGE 0x1000ull
#define OFFSETS 0x300000ull
#define NR_CPU_IDS 0x301000ull
/* Another top-level table. */
#define OTHER_TOP 0x302000ull
#define USER_BIT 0x1000ull

struct fixture {
	struct fake_guest guest;
	struct kernel_map *map;
	struct kernel kernel;
	struct vcpu_registers vcpu;
};

static void put(struct fixture *f, uint64_t offset, uint64_t value)
{
	memcpy(fake_guest_at(&f->guest, offset), &value, sizeof(value));
}

static void set_up(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	fake_guest_init(&f->guest, IMAGE_LENGTH);
	f->map = kernel_map_new();
	f->map->banner = g_strdup("Linux version 6.6.6 (a@b) (gcc) #1 SMP now");
	f->map->revision = KERNEL_MAP_REVISION;
	f->map->root = f->guest.space.root;
	f->map->levels = 4;
	f->map->symbols[SYMBOL__stext] = FAKE_GUEST_IMAGE;
	f->map->symbols[SYMBOL_gdt_page] = GDT_PAGE;
	f->map->symbols[SYMBOL___per_cpu_offset] = FAKE_GUEST_IMAGE + OFFSETS;
	f->map->symbols[SYMBOL_nr_cpu_ids] = FAKE_GUEST_IMAGE + NR_CPU_IDS;
	put(f, NR_CPU_IDS, 4);
	put(f, OFFSETS + 8, FAKE_GUEST_IMAGE + PERCPU);
	/* The entry with the CPU's number: present, limit 1. */
	put(f, PERCPU + GDT_PAGE + 15 * 8, 0x0000f50000000001);
	kernel_init(&f->kernel, f->map, f->guest.snapshot);
	f->vcpu = (struct vcpu_registers){
		.cr0 = 0x80050033,
		.cr3 = f->guest.space.root.value,
		.cr4 = 0x20,
		.efer = 0xd01,
		.rflags = 0x202,
		.cs = {.selector = 0x10, .flags = 0x00af9b00},
		.gdt = {FAKE_GUEST_IMAGE + PERCPU + GDT_PAGE, 0x7f},
	};
	g_assert_true(vcpu_in_long_mode(&f->vcpu));
}

static void tear_down(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	kernel_clear(&f->kernel);
	kernel_map_free(f->map);
	fake_guest_clear(&f->guest);
}

static enum vcpu_fit fit(struct fixture *f)
{
	return kernel_arch(&f->kernel)->fit(&f->kernel, &f->vcpu);
}

static void test_fits(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	g_assert_cmpint(fit(f), ==, VCPU_FITS);
	f->vcpu.cr3 |= 0x7; /* the PCID */
	g_assert_cmpint(fit(f), ==, VCPU_FITS);
}

static void test_mode(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	f->vcpu.smm = true;
	g_assert_cmpint(fit(f), ==, VCPU_IN_SMM);
	f->vcpu.smm = false;
	f->vcpu.efer = 0;
	g_assert_cmpint(fit(f), ==, VCPU_NOT_64_BIT);
}

static void test_page_tables(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	/* A table without the kernel, and a table outside of memory. */
	f->vcpu.cr3 = PHYSICAL_START + OTHER_TOP;
	g_assert_cmpint(fit(f), ==, VCPU_OTHER_PAGE_TABLES);
	f->vcpu.cr3 = 0x40000000000;
	g_assert_cmpint(fit(f), ==, VCPU_OTHER_PAGE_TABLES);
	/* Five levels, but the kernel uses four. */
	f->vcpu.cr3 = f->guest.space.root.value;
	f->vcpu.cr4 |= 1u << 12;
	g_assert_cmpint(fit(f), ==, VCPU_OTHER_PAGE_TABLES);
}

/* The same text elsewhere in memory is another kernel of the same build, after kexec. */
static void test_same_addresses(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	const uint64_t third = OTHER_TOP + 0x1000, second = OTHER_TOP + 0x2000;

	put(f, OTHER_TOP + 511 * 8, (PHYSICAL_START + third) | 3);
	put(f, third + 510 * 8, (PHYSICAL_START + second) | 3);
	put(f, second + 8 * (FAKE_GUEST_IMAGE >> 21 & 511), (PHYSICAL_START + (2u << 20)) | 0x83);
	f->vcpu.cr3 = PHYSICAL_START + OTHER_TOP;
	g_assert_cmpint(fit(f), ==, VCPU_OTHER_PAGE_TABLES);
	put(f, second + 8 * (FAKE_GUEST_IMAGE >> 21 & 511), PHYSICAL_START | 0x83);
	fake_guest_forget(&f->guest);
	kernel_init(&f->kernel, f->map, f->guest.snapshot);
	g_assert_cmpint(fit(f), ==, VCPU_FITS);
}

/*
 * Page-table isolation: the user tables map nothing; the first table of the pair is the kernel's.
 */
static void test_user_tables(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	const uint64_t pair = OTHER_TOP, third = OTHER_TOP + 0x2000, second = OTHER_TOP + 0x3000;

	g_assert_cmphex((PHYSICAL_START + pair) & USER_BIT, ==, 0);
	put(f, pair + 511 * 8, (PHYSICAL_START + third) | 3);
	put(f, third + 510 * 8, (PHYSICAL_START + second) | 3);
	put(f, second + 8 * (FAKE_GUEST_IMAGE >> 21 & 511), PHYSICAL_START | 0x83);
	f->vcpu.cr3 = (PHYSICAL_START + pair) | USER_BIT;
	f->vcpu.cpl = 3;
	g_assert_cmpint(fit(f), ==, VCPU_FITS);
}

static void test_gdt(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	/* A copy of the GDT. */
	put(f, PERCPU + 0x5000 + 15 * 8, 0x0000f50000000001);
	f->vcpu.gdt.base = FAKE_GUEST_IMAGE + PERCPU + 0x5000;
	g_assert_cmpint(fit(f), ==, VCPU_OTHER_GDT);
	/* A GDT without a CPU number, as at boot, proves nothing. */
	f->vcpu.gdt.base = FAKE_GUEST_IMAGE + PERCPU + 0x8000;
	g_assert_cmpint(fit(f), ==, VCPU_FITS);
}

static void test_old_map(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	f->map->revision = 0;
	f->vcpu.cr3 = PHYSICAL_START + OTHER_TOP;
	g_assert_cmpint(fit(f), ==, VCPU_FITS);
}

static void test_stopped(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	const struct arch *arch = kernel_arch(&f->kernel);

	f->vcpu.halted = true;
	g_assert_false(arch->is_stopped(&f->vcpu));
	f->vcpu.rflags = 0x2;
	g_assert_true(arch->is_stopped(&f->vcpu));
	f->vcpu.halted = false;
	g_assert_false(arch->is_stopped(&f->vcpu));
}

static void test_twins(void)
{
	struct cpu cpus[] = {
		{.known = true, .number = 1}, {.known = true, .number = 0},
		{.known = true, .number = 1}, {.known = false, .number = 0},
		{.known = true, .number = 1},
	};

	cpu_reject_twins(cpus, G_N_ELEMENTS(cpus));
	g_assert_cmpint(cpus[0].fit, ==, VCPU_TWIN);
	g_assert_cmpint(cpus[1].fit, ==, VCPU_FITS);
	g_assert_cmpint(cpus[2].fit, ==, VCPU_TWIN);
	g_assert_cmpint(cpus[3].fit, ==, VCPU_FITS);
	g_assert_cmpint(cpus[4].fit, ==, VCPU_TWIN);
}

static void test_reasons(void)
{
	g_assert_null(vcpu_fit_reason(VCPU_FITS));
	for (enum vcpu_fit fit = VCPU_FITS + 1; fit < NUM_VCPU_FITS; fit++)
		g_assert_nonnull(vcpu_fit_reason(fit));
}

#define ADD(name, test) g_test_add("/fit/" name, struct fixture, NULL, set_up, test, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("a vCPU of this kernel fits", test_fits);
	ADD("firmware is detected by the CPU mode", test_mode);
	ADD("other page tables mean another kernel or a nested guest", test_page_tables);
	ADD("the same addresses in other memory mean another kernel", test_same_addresses);
	ADD("the page tables of user mode are accepted for the kernel's", test_user_tables);
	ADD("a GDT outside the CPU's data means another kernel", test_gdt);
	ADD("a map of an older version is not checked", test_old_map);
	ADD("a CPU halted with interrupts off is stopped", test_stopped);
	g_test_add_func("/fit/vCPUs with the same CPU number are all rejected", test_twins);
	g_test_add_func("/fit/every misfit has a reason", test_reasons);
	return g_test_run();
}
