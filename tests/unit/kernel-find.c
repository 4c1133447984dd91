/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the kernel with fewer and fewer hints, and finds none where no kernel is. */
#include <string.h>
#include <time.h>

#include "fake_kernel.h"
#include "kernel/find.h"
#include "kernel/modules.h"

/* Free pages below the image. */
#define KERNEL_ROOT 0x8000u
#define USER_ROOT (KERNEL_ROOT | 0x1000u)
#define USER_THIRD 0xa000u
#define USER_SECOND 0xb000u
#define EMPTY_ROOT 0x20000u

#define CR0_PAGING 0x80000001ull
#define CR4_PAE 0x20ull
#define EFER_LONG_MODE 0x500ull

struct fixture {
	struct fake_guest guest;
	GArray *vcpus;
};

static const struct fake_symbol symbols[] = {
	{"Rlinux_banner", FAKE_GUEST_IMAGE + FAKE_KERNEL_BANNER},
	{"Dinit_top_pgt.llvm.1234567890", FAKE_GUEST_IMAGE + FAKE_KERNEL_TOP_TABLE},
};

static void set_up(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	fake_guest_init(&f->guest, FAKE_KERNEL_LENGTH);
	memset(f->guest.ram, 0, 1 << 20); /* the fake guest's own tables */
	fake_kernel_put(&f->guest, symbols, G_N_ELEMENTS(symbols));
	f->vcpus = g_array_new(FALSE, TRUE, sizeof(struct vcpu_registers));
}

static void tear_down(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_array_unref(f->vcpus);
	fake_guest_clear(&f->guest);
}

/* Returns the guest-physical address of the image's byte @offset. */
static uint64_t physical(uint64_t offset)
{
	return (2ull << 20) + offset;
}

static void set_entry(struct fixture *f, uint64_t table, unsigned int index, uint64_t value)
{
	memcpy(f->guest.ram + table + 8 * (size_t)index, &value, sizeof(value));
}

static struct vcpu_registers *add_vcpu(struct fixture *f, uint64_t cr3)
{
	struct vcpu_registers vcpu = {
		.vcpu = f->vcpus->len,
		.cr0 = CR0_PAGING,
		.cr3 = cr3,
		.cr4 = CR4_PAE,
		.efer = EFER_LONG_MODE,
		.cpl = 3,
		.rip = 0x401000,
	};

	g_array_append_val(f->vcpus, vcpu);
	return &g_array_index(f->vcpus, struct vcpu_registers, f->vcpus->len - 1);
}

/* A process: its own top table has the kernel's last entry. */
static void put_kernel_root(struct fixture *f)
{
	set_entry(f, KERNEL_ROOT, 511, physical(FAKE_KERNEL_TOP_TABLE + 0x1000) | 3);
}

/* Its user half, without PCID: text and constants, without the data. */
static void put_user_root(struct fixture *f)
{
	set_entry(f, USER_ROOT, 511, USER_THIRD | 3);
	set_entry(f, USER_THIRD, 510, USER_SECOND | 3);
	for (uint64_t at = 0; at < FAKE_KERNEL_DATA; at += 2u << 20)
		set_entry(f, USER_SECOND, (FAKE_GUEST_IMAGE + at) >> 21 & 511, physical(at) | 0x83);
}

static struct kernel_map *find(struct fixture *f, GError **error)
{
	fake_guest_forget(&f->guest);
	return kernel_find(f->guest.snapshot, f->vcpus, error);
}

static void assert_found(struct fixture *f)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(KernelMap) map = find(f, &error);

	g_assert_no_error(error);
	g_assert_cmpstr(map->banner, ==, FAKE_KERNEL_BANNER_TEXT);
	g_assert_cmphex(map->root.value, ==, physical(FAKE_KERNEL_TOP_TABLE));
	g_assert_cmpuint(map->levels, ==, 4);
}

static void assert_not_found(struct fixture *f, const char *pattern)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(KernelMap) map = find(f, &error);

	g_assert_null(map);
	g_assert_nonnull(error);
	if (!g_regex_match_simple(pattern, error->message, 0, 0))
		g_error("\"%s\" does not match \"%s\"", error->message, pattern);
}

static void hide_data(struct fixture *f)
{
	memset(fake_guest_at(&f->guest, FAKE_KERNEL_DATA), 0, 8);
}

/* FRED kernels have no IDT. */
static void test_no_idt(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	struct vcpu_registers *vcpu = add_vcpu(f, KERNEL_ROOT);

	put_kernel_root(f);
	hide_data(f);
	vcpu->cpl = 0;
	vcpu->rip = FAKE_GUEST_IMAGE + 0x1234;
	assert_found(f);
}

static void test_wild_idt(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	struct vcpu_registers *vcpu = add_vcpu(f, KERNEL_ROOT);

	put_kernel_root(f);
	hide_data(f);
	vcpu->idt = (struct descriptor_table){0xfffffe0000000000, 0xfff};
	assert_found(f);
	vcpu->idt.base = FAKE_GUEST_IMAGE + FAKE_KERNEL_LENGTH - 8;
	assert_found(f);
}

static void test_user_mode(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_kernel_root(f);
	hide_data(f);
	add_vcpu(f, KERNEL_ROOT);
	assert_found(f);
}

/* In user mode with page-table isolation: with PCID the user half maps almost nothing. */
static void test_user_half(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_kernel_root(f);
	hide_data(f);
	add_vcpu(f, USER_ROOT | 0x801);
	assert_found(f);
	put_user_root(f);
	assert_found(f);
}

/* The user half alone has symbols and the banner; a map from it would lack the data. */
static void test_only_user_half(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_user_root(f);
	hide_data(f);
	add_vcpu(f, USER_ROOT);
	assert_not_found(f, "init_top_pgt");
	memset(f->guest.ram + USER_SECOND, 0, 4096);
	assert_not_found(f, "vCPU 0 map no Linux kernel image");
}

/* init_top_pgt must map this kernel. */
static void test_root_of_another(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_user_root(f);
	set_entry(f, USER_SECOND, (FAKE_GUEST_IMAGE + FAKE_KERNEL_DATA) >> 21 & 511,
		  physical(FAKE_KERNEL_DATA) | 0x83);
	add_vcpu(f, USER_ROOT);
	hide_data(f);
	memset(fake_guest_at(&f->guest, FAKE_KERNEL_TOP_TABLE + 0x2000), 0, 4096);
	assert_not_found(f, "init_top_pgt does not map the kernel");
}

/* No variable has a name: the banner and the page tables are found by their content. */
static void test_functions_only(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	static const struct fake_symbol text[] = {
		{"T_stext", FAKE_GUEST_IMAGE + 0x100000},
		{"T_etext", FAKE_GUEST_IMAGE + 0x200000},
	};
	g_autoptr(KernelMap) map = NULL;
	g_autoptr(GError) error = NULL;

	memset(f->guest.ram, 0, (2u << 20) + FAKE_KERNEL_LENGTH);
	fake_kernel_put(&f->guest, text, G_N_ELEMENTS(text));
	put_kernel_root(f);
	add_vcpu(f, KERNEL_ROOT);
	assert_found(f);
	map = find(f, NULL);
	g_assert_cmpuint(map->functions_only, ==, 1);
	g_assert_true(kernel_map_fits(map, f->guest.snapshot, &error));
	g_assert_no_error(error);
	g_assert_nonnull(map->no_orc);
	g_assert_nonnull(map->no_btf);
	memset(fake_guest_at(&f->guest, FAKE_KERNEL_BANNER), 0, 8);
	assert_not_found(f, "nothing in the image looks like it");
}

static void put_banner(struct fixture *f, const char *banner)
{
	memcpy(fake_guest_at(&f->guest, FAKE_KERNEL_BANNER), banner, strlen(banner) + 1);
}

/* The message names a kernel whose symbol tables have another form. */
static void test_unknown_form(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_kernel_root(f);
	hide_data(f);
	add_vcpu(f, KERNEL_ROOT);
	memset(fake_guest_at(&f->guest, FAKE_KERNEL_KALLSYMS), 0, 1 << 20);
	assert_not_found(f, "^vCPU 0: Linux 6\\.6\\.6 has no kallsyms tables of a form that oopsbt "
			    "knows");
	put_banner(f, "Linux version 5.3.18-24-default (a@b) (gcc) #1 SMP\n");
	assert_not_found(f, "^vCPU 0: Linux 5\\.3\\.18-24-default is older than 5\\.4");
	put_banner(f, "Linux version 4.18.0-553.el8_10.x86_64 (a@b) (gcc) #1 SMP\n");
	assert_not_found(f, "^vCPU 0: Linux 4\\.18\\.0-553\\.el8_10\\.x86_64 is older than 5\\.4");
	put_banner(f, "Linux version 10.0 (a@b) (gcc) #1 SMP\n");
	assert_not_found(f, "^vCPU 0: Linux 10\\.0 has no kallsyms tables");
	put_banner(f, "Linux version 6\033[31m (a@b) (gcc) #1 SMP\n");
	assert_not_found(f, "^vCPU 0: no kallsyms tables in the .* or not Linux");
}

/*
 * Without CONFIG_MODULES there are no modules; if only the list is missing, the modules are
 * unknown.
 */
static void test_no_modules(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr(KernelMap) map = find(f, NULL);
	g_autoptr(GError) error = NULL;
	struct kernel kernel;

	kernel_init(&kernel, map, f->guest.snapshot);
	g_assert_true(modules_load(&kernel, &error));
	g_assert_no_error(error);
	g_assert_cmpuint(kernel.modules->len, ==, 0);
	map->symbols[SYMBOL___module_address] = FAKE_GUEST_IMAGE;
	g_assert_false(modules_load(&kernel, &error));
	g_assert_error(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND);
	g_assert_null(kernel.modules);
	kernel_clear(&kernel);
}

static void test_low_memory(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_kernel_root(f);
	hide_data(f);
	assert_found(f); /* no vCPU */
	add_vcpu(f, EMPTY_ROOT);
	assert_found(f);
	add_vcpu(f, KERNEL_ROOT)->cr0 = 0;
	assert_found(f);
}

static void test_scan(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	assert_found(f);
	add_vcpu(f, EMPTY_ROOT);
	assert_found(f);
	add_vcpu(f, 0xfffffffff000);
	assert_found(f);
}

/* A fake stack at each boundary, and page tables that point to each other on each page. */
static void test_false_data(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	const uint64_t magic = 0x57ac6e9d;
	clock_t before = clock();

	add_vcpu(f, EMPTY_ROOT);
	for (uint64_t at = 0; at < FAKE_KERNEL_LENGTH; at += 4096) {
		memset(fake_guest_at(&f->guest, at), 0, 4096);
		memcpy(fake_guest_at(&f->guest, at), &magic, sizeof(magic));
		set_entry(f, physical(at), 511, physical(at) | 3);
		set_entry(f, physical(at), 510, physical(at) | 3);
	}
	assert_not_found(f, "; there is none elsewhere in memory$");
	g_assert_cmpint(clock() - before, <, 10 * CLOCKS_PER_SEC);
}

/*
 * The search examines only some of very many vCPUs: page tables must not exhaust the limit of
 * pages.
 */
static void test_many_vcpus(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	hide_data(f);
	for (unsigned int i = 0; i < MAX_VCPUS; i++)
		add_vcpu(f, 0x100000 + 0x1000 * (i % 255));
	for (unsigned int i = 0; i < 255; i++)
		set_entry(f, 0x100000 + 0x1000 * i, 511, (0x100000 + 0x1000 * (i ^ 1)) | 3);
	assert_not_found(f, "^the page tables of vCPU 0 map no Linux kernel image; there is none "
			    "elsewhere in memory$");
	g_assert_cmpuint(snapshot_num_pages(f->guest.snapshot), <, 512);
}

/* Paging without 64-bit mode. One vCPU has not started yet. */
static void test_32_bit(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	memset(f->guest.ram, 0, (2u << 20) + FAKE_KERNEL_LENGTH);
	add_vcpu(f, 0)->cr0 = 0x10;
	add_vcpu(f, EMPTY_ROOT)->efer = 0;
	assert_not_found(f, "^vCPU 1 runs a 32-bit system, which oopsbt cannot read; ");
	add_vcpu(f, EMPTY_ROOT); /* runs 64-bit code */
	assert_not_found(f, "^the page tables of vCPU 2 map no Linux kernel image; ");
}

static void test_nothing(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	memset(f->guest.ram, 0, (2u << 20) + FAKE_KERNEL_LENGTH);
	assert_not_found(f, "^no vCPU is in 64-bit mode .*; there is none elsewhere in memory$");
	add_vcpu(f, EMPTY_ROOT);
	assert_not_found(f, "^the page tables of vCPU 0 map no Linux kernel image; there is none "
			    "elsewhere in memory$");
}

static void add(const char *name, void (*test)(struct fixture *, gconstpointer))
{
	g_test_add(name, struct fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("/find/no-idt", test_no_idt);
	add("/find/wild-idt", test_wild_idt);
	add("/find/user-mode", test_user_mode);
	add("/find/user-half", test_user_half);
	add("/find/only-user-half", test_only_user_half);
	add("/find/root-of-another", test_root_of_another);
	add("/find/functions-only", test_functions_only);
	add("/find/unknown-form", test_unknown_form);
	add("/find/no-modules", test_no_modules);
	add("/find/low-memory", test_low_memory);
	add("/find/scan", test_scan);
	add("/find/false-data", test_false_data);
	add("/find/many-vcpus", test_many_vcpus);
	add("/find/32-bit", test_32_bit);
	add("/find/nothing", test_nothing);
	return g_test_run();
}
