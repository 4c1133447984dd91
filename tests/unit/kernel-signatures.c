/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables and variables without a symbol: identified by their content, and only by enough of it. */
#include <string.h>
#include <time.h>

#include "fake_guest.h"
#include "kernel/ksymtab.h"
#include "kernel/signatures.h"

#define IMAGE_LENGTH (4u << 20)

/* Offsets in the image. */
#define TEXT_LENGTH 0xc000u
#define KSYMTAB 0x100000u
#define STRINGS 0x110000u
#define ORC_IPS 0x200000u
#define NUM_ORCS (TEXT_LENGTH / 4)
#define NUM_BLOCKS (TEXT_LENGTH / 256 + 1)
#define VARIABLES 0x300000u

#define MODULES 0xffffffffc0000000ull
#define MODULES_SECOND 0x5000u /* a level 2 table, in a fake guest's first 2 MiB */
#define MODULE_PAGE 0x100000u
#define PAGE_OFFSET 0xffff888000000000ull
#define VMCOREINFO_PAGE 0x7000u

struct fixture {
	struct fake_guest guest;
	struct kernel_map *map;
	struct image image;
};

static void set_up(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	fake_guest_init(&f->guest, IMAGE_LENGTH);
	f->map = kernel_map_new();
	f->map->symbols[SYMBOL__stext] = FAKE_GUEST_IMAGE;
	f->map->symbols[SYMBOL__etext] = FAKE_GUEST_IMAGE + TEXT_LENGTH;
}

static void tear_down(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	image_clear(&f->image);
	kernel_map_free(f->map);
	fake_guest_clear(&f->guest);
}

static void copy(struct fixture *f)
{
	struct mapped_run run = {gva(FAKE_GUEST_IMAGE), IMAGE_LENGTH};
	g_autoptr(GError) error = NULL;

	image_clear(&f->image);
	fake_guest_forget(&f->guest);
	g_assert_true(image_copy(&f->guest.space, run, 1u << 28, &f->image, &error));
	g_assert_no_error(error);
}

static void put(struct fixture *f, uint64_t offset, const void *bytes, size_t length)
{
	memcpy(fake_guest_at(&f->guest, offset), bytes, length);
}

static void put_u64(struct fixture *f, uint64_t offset, uint64_t value)
{
	put(f, offset, &value, sizeof(value));
}

static void put_u32(struct fixture *f, uint64_t offset, uint32_t value)
{
	put(f, offset, &value, sizeof(value));
}

static void put_relative(struct fixture *f, uint64_t offset, uint64_t target)
{
	put_u32(f, offset, (uint32_t)(target - offset));
}

static void put_exports(struct fixture *f, unsigned int count, size_t entry_size)
{
	static const char merged[] = "the_init_task";

	put(f, STRINGS, merged, sizeof(merged));
	for (unsigned int i = 0; i < count; i++) {
		uint64_t entry = KSYMTAB + entry_size * i, name = STRINGS + 32 * (i + 1);
		g_autofree char *text = g_strdup_printf("exported_%u", i);

		put(f, name, text, strlen(text) + 1);
		/* The linker may store a name as the end of another one. */
		if (i == count / 2)
			name = STRINGS + strlen("the_");
		put_relative(f, entry, 64 * i);
		put_relative(f, entry + 4, name);
	}
}

static void assert_exports(struct fixture *f, unsigned int count, size_t entry_size)
{
	const char *const names[] = {"init_task", "exported_0", "exported_9", "not_exported"};
	uint64_t values[G_N_ELEMENTS(names)] = {0, 0, 77, 0};

	put_exports(f, count, entry_size);
	copy(f);
	g_assert_true(ksymtab_resolve(&f->image, names, G_N_ELEMENTS(names), values));
	g_assert_cmphex(values[0], ==, FAKE_GUEST_IMAGE + 64 * (count / 2));
	g_assert_cmphex(values[1], ==, FAKE_GUEST_IMAGE);
	g_assert_cmphex(values[2], ==, 77); /* known before */
	g_assert_cmphex(values[3], ==, 0);
}

static void test_exports(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	assert_exports(f, 200, 12);
}

static void test_old_exports(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	assert_exports(f, 200, 8);
}

static void test_few_exports(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	const char *const names[] = {"init_task"};
	uint64_t value = 0;

	put_exports(f, 60, 12);
	copy(f);
	g_assert_false(ksymtab_resolve(&f->image, names, 1, &value));
	g_assert_cmphex(value, ==, 0);
}

/*
 * Each word of the image is the start of an entry: the search takes the maximal number of steps,
 * and no more.
 */
static void test_exports_everywhere(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	const char *const names[] = {"init_task"};
	uint64_t value = 0;
	clock_t before = clock();

	for (uint32_t at = 0; at < IMAGE_LENGTH - 1024; at += 4)
		put_relative(f, at, IMAGE_LENGTH - 1024);
	put(f, IMAGE_LENGTH - 1024, "a", 2);
	copy(f);
	ksymtab_resolve(&f->image, names, 1, &value);
	g_assert_cmphex(value, ==, 0);
	g_assert_cmpint(clock() - before, <, 10 * CLOCKS_PER_SEC);
}

/* The same with names of the maximal length. */
static void test_long_names_everywhere(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	const char *const names[] = {"init_task"};
	uint64_t value = 0;
	clock_t before = clock();

	for (uint32_t at = 0; at < IMAGE_LENGTH - 1024; at += 4)
		put_relative(f, at, IMAGE_LENGTH - 1024);
	memset(fake_guest_at(&f->guest, IMAGE_LENGTH - 1024), 'a', 511);
	copy(f);
	ksymtab_resolve(&f->image, names, 1, &value);
	g_assert_cmphex(value, ==, 0);
	g_assert_cmpint(clock() - before, <, 5 * CLOCKS_PER_SEC);
}

static void test_banner(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	static const char *const others[] = {
		"Linux version %s (%s)\n",
		"Linux version 6.6.6 (a@b) (gcc) # SMP\n", /* the preliminary banner */
		"Linux version 6.6.6 (a@b) (gcc) #1 SMP",  /* in the log */
		"Linux version 6.6.6 \033[31m #1 SMP\n",
	};
	static const char right[] = "Linux version 6.6.6 (a@b) (gcc) #1 SMP\n";

	for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
		put(f, VARIABLES + 256 * i, others[i], strlen(others[i]) + 1);
	copy(f);
	g_assert_false(signature_banner(&f->image, f->map));
	put(f, VARIABLES + 4096, right, sizeof(right));
	copy(f);
	g_assert_true(signature_banner(&f->image, f->map));
	g_assert_cmphex(f->map->symbols[SYMBOL_linux_banner], ==,
			FAKE_GUEST_IMAGE + VARIABLES + 4096);
}

static void put_btf(struct fixture *f, uint64_t at, uint32_t types, uint32_t strings)
{
	put(f, at, "\x9f\xeb\x01", 4);
	put_u32(f, at + 4, 24);
	put_u32(f, at + 12, types);
	put_u32(f, at + 16, types);
	put_u32(f, at + 20, strings);
}

static void test_btf(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_btf(f, 0x1000, 1000, 1000);		     /* too small */
	put_btf(f, 0x2000, 0xfffff000, 0x1000);	     /* too large */
	put(f, IMAGE_LENGTH - 4, "\x9f\xeb\x01", 4); /* only its start */
	put_btf(f, IMAGE_LENGTH - 64, 0x40000, 64);  /* reaches past the image */
	copy(f);
	g_assert_false(signature_btf(&f->image, f->map));
	put_btf(f, 0x20000, 0x20000, 0x10000);
	copy(f);
	g_assert_true(signature_btf(&f->image, f->map));
	g_assert_cmphex(f->map->symbols[SYMBOL___start_BTF], ==, FAKE_GUEST_IMAGE + 0x20000);
	g_assert_cmphex(f->map->symbols[SYMBOL___stop_BTF], ==,
			FAKE_GUEST_IMAGE + 0x20000 + 24 + 0x30000);
}

/* One entry for each 4 bytes of text. */
static uint64_t put_orc(struct fixture *f)
{
	uint64_t entries = ORC_IPS + 4 * NUM_ORCS;
	uint64_t lookup = (entries + 6 * NUM_ORCS + 3) & ~3ull;

	for (uint32_t i = 0; i < NUM_ORCS; i++)
		put_relative(f, ORC_IPS + 4 * i, 4 * i);
	memset(fake_guest_at(&f->guest, entries), 0xff, 6 * NUM_ORCS);
	for (uint32_t i = 0; i < NUM_BLOCKS; i++)
		put_u32(f, lookup + 4 * i, 64 * i);
	return lookup;
}

static void assert_orc(struct fixture *f, uint64_t lookup)
{
	const uint64_t *symbols = f->map->symbols;

	g_assert_true(signature_orc(&f->image, f->map));
	g_assert_cmphex(symbols[SYMBOL___start_orc_unwind_ip], ==, FAKE_GUEST_IMAGE + ORC_IPS);
	g_assert_cmphex(symbols[SYMBOL___start_orc_unwind], ==,
			FAKE_GUEST_IMAGE + ORC_IPS + 4 * NUM_ORCS);
	g_assert_cmphex(symbols[SYMBOL___stop_orc_unwind], ==,
			symbols[SYMBOL___start_orc_unwind] + 6 * NUM_ORCS);
	g_assert_cmphex(symbols[SYMBOL_orc_lookup], ==, FAKE_GUEST_IMAGE + lookup);
	g_assert_cmphex(symbols[SYMBOL_orc_lookup_end], ==,
			FAKE_GUEST_IMAGE + lookup + 4 * NUM_BLOCKS);
}

static void test_orc(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t lookup = put_orc(f);

	copy(f);
	assert_orc(f, lookup);
	/* The word before the table also looks like an entry. */
	put_relative(f, ORC_IPS - 4, 0);
	copy(f);
	assert_orc(f, lookup);
}

static void test_no_orc(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t lookup = put_orc(f);

	put_u32(f, lookup + 4 * 20, 5);
	copy(f);
	g_assert_false(signature_orc(&f->image, f->map));
	put_orc(f);
	f->map->symbols[SYMBOL__etext] = UINT64_MAX;
	copy(f);
	g_assert_false(signature_orc(&f->image, f->map));
	g_assert_cmphex(f->map->symbols[SYMBOL___start_orc_unwind], ==, 0);
}

static void test_vmcoreinfo(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_u64(f, VARIABLES, PAGE_OFFSET);
	put_u64(f, VARIABLES + 64, PAGE_OFFSET + 0x6000);
	put_u64(f, VARIABLES + 72, PAGE_OFFSET + (1ull << 40)); /* no memory there */
	put_u64(f, VARIABLES + 80, PAGE_OFFSET + VMCOREINFO_PAGE);
	copy(f);
	g_assert_false(signature_vmcoreinfo(&f->image, f->guest.snapshot, f->map));
	f->map->symbols[SYMBOL_page_offset_base] = FAKE_GUEST_IMAGE + VARIABLES;
	g_assert_false(signature_vmcoreinfo(&f->image, f->guest.snapshot, f->map));
	memcpy(f->guest.ram + VMCOREINFO_PAGE, "OSRELEASE=6.6.6\n", 16);
	g_assert_true(signature_vmcoreinfo(&f->image, f->guest.snapshot, f->map));
	g_assert_cmphex(f->map->symbols[SYMBOL_vmcoreinfo_data], ==,
			FAKE_GUEST_IMAGE + VARIABLES + 80);
}

/* Maps one page at MODULES. */
static void map_modules(struct fixture *f)
{
	uint64_t third = 0x2000, entry = MODULES_SECOND | 3;

	memcpy(f->guest.ram + third + 8 * 511, &entry, sizeof(entry));
	entry = 0x83;
	memcpy(f->guest.ram + MODULES_SECOND, &entry, sizeof(entry));
}

static void put_module(struct fixture *f, const char *name, uint64_t head)
{
	uint64_t links[2] = {head, head};

	memset(f->guest.ram + MODULE_PAGE, 0, 4096);
	memcpy(f->guest.ram + MODULE_PAGE + 8, links, sizeof(links));
	memcpy(f->guest.ram + MODULE_PAGE + 24, name, strlen(name));
	fake_guest_forget(&f->guest);
}

static bool find_modules(struct fixture *f)
{
	return signature_modules(&f->image, &f->guest.space, f->map);
}

static void test_modules(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	const uint64_t head = VARIABLES + 128, entry = MODULES + MODULE_PAGE + 8;

	map_modules(f);
	put_u64(f, head, entry);
	put_u64(f, head + 8, entry);
	copy(f);
	put_module(f, "pvpanic", FAKE_GUEST_IMAGE + head);
	g_assert_false(find_modules(f)); /* the layout of a module is unknown */
	f->map->fields[FIELD_module_list] = 8;
	f->map->fields[FIELD_module_name] = 24;
	put_module(f, "pvpanic", FAKE_GUEST_IMAGE + head + 8);
	g_assert_false(find_modules(f));
	put_module(f, "\033[31m", FAKE_GUEST_IMAGE + head);
	g_assert_false(find_modules(f));
	put_module(f, "", FAKE_GUEST_IMAGE + head);
	g_assert_false(find_modules(f));
	put_module(f, "pvpanic", FAKE_GUEST_IMAGE + head);
	g_assert_true(find_modules(f));
	g_assert_cmphex(f->map->symbols[SYMBOL_modules], ==, FAKE_GUEST_IMAGE + head);
}

/* Noise contains no tables. */
static void test_noise(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(41);
	const char *const names[] = {"init_task"};
	uint64_t value = 0;

	for (uint32_t at = 0; at < IMAGE_LENGTH; at += 4)
		put_u32(f, at, g_rand_int(random));
	f->map->symbols[SYMBOL_page_offset_base] = FAKE_GUEST_IMAGE + VARIABLES;
	f->map->fields[FIELD_module_list] = 8;
	f->map->fields[FIELD_module_name] = 24;
	copy(f);
	g_assert_false(ksymtab_resolve(&f->image, names, 1, &value));
	g_assert_false(signature_banner(&f->image, f->map));
	g_assert_false(signature_btf(&f->image, f->map));
	g_assert_false(signature_orc(&f->image, f->map));
	g_assert_false(signature_vmcoreinfo(&f->image, f->guest.snapshot, f->map));
	g_assert_false(find_modules(f));
}

static void add(const char *name, void (*test)(struct fixture *, gconstpointer))
{
	g_test_add(name, struct fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("/signatures/exports", test_exports);
	add("/signatures/old-exports", test_old_exports);
	add("/signatures/few-exports", test_few_exports);
	add("/signatures/exports-everywhere", test_exports_everywhere);
	add("/signatures/long-names-everywhere", test_long_names_everywhere);
	add("/signatures/banner", test_banner);
	add("/signatures/btf", test_btf);
	add("/signatures/orc", test_orc);
	add("/signatures/no-orc", test_no_orc);
	add("/signatures/vmcoreinfo", test_vmcoreinfo);
	add("/signatures/modules", test_modules);
	add("/signatures/noise", test_noise);
	return g_test_run();
}
