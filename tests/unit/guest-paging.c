/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hand-made page tables in a guest of 16 MiB, which is a buffer here. */
#include <string.h>
#include <time.h>

#include "guest/paging.h"

#define PAGE GUEST_PAGE_SIZE
#define RAM_SIZE ((uint64_t)16 << 20)
#define ROOT 0x1000u

#define PRESENT 0x1u
#define WRITABLE 0x2u
#define USER 0x4u
#define LARGE 0x80u
#define NO_EXECUTE ((uint64_t)1 << 63)

struct fixture {
	uint8_t *ram;
	uint64_t next_table;
	struct guest_memory *memory;
	struct snapshot *snapshot;
	struct address_space space;
};

static bool read_ram(void *user_data, gpa_t address, void *buffer, size_t length,
		     GError **error G_GNUC_UNUSED)
{
	memcpy(buffer, (uint8_t *)user_data + address.value, length);
	return true;
}

static void set_up(struct fixture *f, gconstpointer levels)
{
	static const struct guest_extent all = {{0}, RAM_SIZE, 0};

	f->ram = g_malloc0(RAM_SIZE);
	f->next_table = ROOT + PAGE;
	f->memory = guest_memory_new_function(read_ram, f->ram, &all, 1, NULL);
	f->snapshot = snapshot_new(f->memory, 4096);
	f->space = (struct address_space){f->snapshot, gpa(ROOT), GPOINTER_TO_UINT(levels)};
}

static void tear_down(struct fixture *f, gconstpointer levels G_GNUC_UNUSED)
{
	snapshot_free(f->snapshot);
	guest_memory_free(f->memory);
	g_free(f->ram);
}

static uint64_t *entry_at(struct fixture *f, uint64_t table, uint64_t address, unsigned int level)
{
	return (uint64_t *)(f->ram + table) + (address >> (12 + 9 * (level - 1)) & 511);
}

/* Maps a page of level @leaf (1: 4 KiB, 2: 2 MiB, 3: 1 GiB) at @address. */
static void map(struct fixture *f, uint64_t address, uint64_t physical, unsigned int leaf,
		uint64_t flags)
{
	uint64_t table = ROOT;

	for (unsigned int level = f->space.levels; level > leaf; level--) {
		uint64_t *entry = entry_at(f, table, address, level);

		if (*entry == 0) {
			*entry = f->next_table | PRESENT | WRITABLE | USER;
			f->next_table += PAGE;
		}
		table = *entry & 0xffffffffff000u;
	}
	*entry_at(f, table, address, leaf) = physical | flags | PRESENT | (leaf > 1 ? LARGE : 0);
}

static void assert_maps(struct fixture *f, uint64_t address, uint64_t physical, uint64_t page_size)
{
	g_autoptr(GError) error = NULL;
	struct mapping mapping;

	g_assert_true(address_space_translate(&f->space, gva(address), &mapping, &error));
	g_assert_no_error(error);
	g_assert_cmphex(mapping.address.value, ==, physical);
	g_assert_cmphex(mapping.page_size, ==, page_size);
}

static void test_page_sizes(struct fixture *f, gconstpointer levels G_GNUC_UNUSED)
{
	map(f, 0xffffffff81000000, 0x00800000, 2, WRITABLE);
	map(f, 0xffff888000000000, 0x40000000, 3, WRITABLE);
	map(f, 0xffffc90000005000, 0x00234000, 1, WRITABLE);
	map(f, 0x00007fff12345000, 0x00235000, 1, USER);
	assert_maps(f, 0xffffffff81123456, 0x00923456, 2 << 20);
	assert_maps(f, 0xffff888012345678, 0x52345678, 1 << 30);
	assert_maps(f, 0xffffc90000005fff, 0x00234fff, PAGE);
	assert_maps(f, 0x00007fff12345001, 0x00235001, PAGE);
}

static void test_address_bits(struct fixture *f, gconstpointer levels G_GNUC_UNUSED)
{
	/* PAT of a large page (bit 12), software and protection key bits are not address bits. */
	map(f, 0xffffffff81000000, 0x00800000, 2, 0x1000 | 0xe00);
	map(f, 0xffffc90000005000, 0x00234000, 1, 0x7ff0000000000e00);
	assert_maps(f, 0xffffffff81000010, 0x00800010, 2 << 20);
	assert_maps(f, 0xffffc90000005010, 0x00234010, PAGE);
}

static void test_rights(struct fixture *f, gconstpointer levels G_GNUC_UNUSED)
{
	struct mapping mapping;

	map(f, 0xffffffff81000000, 0x00800000, 2, 0);
	map(f, 0x1000, 0x00800000, 1, WRITABLE | USER | NO_EXECUTE);
	g_assert_true(address_space_translate(&f->space, gva(0xffffffff81000000), &mapping, NULL));
	g_assert_true(mapping.executable);
	g_assert_false(mapping.writable);
	g_assert_false(mapping.user);
	g_assert_true(address_space_translate(&f->space, gva(0x1000), &mapping, NULL));
	g_assert_false(mapping.executable);
	g_assert_true(mapping.writable);
	g_assert_true(mapping.user);
	/* An upper table can deny a right. */
	*entry_at(f, ROOT, 0x1000, f->space.levels) &= ~(uint64_t)USER;
	snapshot_free(f->snapshot);
	f->snapshot = f->space.snapshot = snapshot_new(f->memory, 4096);
	g_assert_true(address_space_translate(&f->space, gva(0x1000), &mapping, NULL));
	g_assert_false(mapping.user);
}

static void test_unmapped(struct fixture *f, gconstpointer levels G_GNUC_UNUSED)
{
	g_autoptr(GError) error = NULL;
	struct mapping mapping;
	uint64_t value;

	map(f, 0xffffc90000005000, 0x00234000, 1, 0);
	map(f, 0xffffc90000007000, 0x0000700000000000, 1, 0);
	g_assert_false(
		address_space_translate(&f->space, gva(0xffffc90000006000), &mapping, &error));
	g_assert_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_UNMAPPED);
	g_assert_cmpstr(error->message, ==,
			"guest address 0xffffc90000006000 is not mapped (page table level 1)");
	g_clear_error(&error);
	/* The second half of the value is on the missing page. */
	g_assert_false(address_space_read_u64(&f->space, gva(0xffffc90000005ffc), &value, &error));
	g_assert_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_UNMAPPED);
	g_clear_error(&error);
	g_assert_false(
		address_space_translate(&f->space, gva(0x8000000000000000), &mapping, &error));
	g_assert_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_UNMAPPED);
	g_clear_error(&error);
	/* Mapped to an address without memory. */
	g_assert_false(address_space_read_u64(&f->space, gva(0xffffc90000007008), &value, &error));
	g_assert_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_NO_MEMORY);
	g_assert_cmpstr(error->message, ==,
			"guest address 0xffffc90000007008: no guest memory at 0x700000000000");
}

static void test_reads_across_pages(struct fixture *f, gconstpointer levels G_GNUC_UNUSED)
{
	uint8_t cached[32], peeked[32], expected[32];
	g_autofree char *string = NULL;
	g_autofree char *cut = NULL;
	uint64_t start = 0xffffc90000006000 - 16;
	size_t num_pages;

	/* Adjacent in virtual but not in physical memory. */
	map(f, 0xffffc90000005000, 0x00300000, 1, 0);
	map(f, 0xffffc90000006000, 0x00200000, 1, 0);
	for (int i = 0; i < 16; i++) {
		f->ram[0x00301000 - 16 + i] = expected[i] = (uint8_t)('a' + i);
		f->ram[0x00200000 + i] = expected[16 + i] = (uint8_t)('A' + i);
	}
	g_assert_true(address_space_peek(&f->space, gva(start), peeked, 32, NULL));
	g_assert_cmpmem(peeked, 32, expected, 32);
	num_pages = snapshot_num_pages(f->snapshot);
	g_assert_cmpuint(num_pages, ==, f->space.levels); /* only the tables */
	address_space_prefetch(&f->space, gva(start - PAGE), 3 * PAGE);
	g_assert_cmpuint(snapshot_num_pages(f->snapshot), ==, num_pages + 2);
	g_assert_true(address_space_read(&f->space, gva(start), cached, 32, NULL, NULL));
	g_assert_cmpmem(cached, 32, expected, 32);
	string = address_space_read_string(&f->space, gva(start), 100, NULL);
	g_assert_cmpstr(string, ==, "abcdefghijklmnopABCDEFGHIJKLMNOP");
	cut = address_space_read_string(&f->space, gva(start), 20, NULL);
	g_assert_cmpstr(cut, ==, "abcdefghijklmnopABCD");
}

static void test_holes_read_as_zeros(struct fixture *f, gconstpointer levels G_GNUC_UNUSED)
{
	const uint64_t start = 0xffffc90000005000;
	g_autofree uint8_t *bytes = g_malloc(3 * PAGE);
	g_autoptr(GError) error = NULL;

	map(f, start, 0x00300000, 1, 0);
	map(f, start + 2 * PAGE, 0x00200000, 1, 0);
	memset(f->ram + 0x00300000, 'a', PAGE);
	memset(f->ram + 0x00200000, 'b', PAGE);
	memset(bytes, 'x', 3 * PAGE);
	g_assert_false(address_space_peek(&f->space, gva(start), bytes, 3 * PAGE, NULL));
	g_assert_true(
		address_space_peek_mapped(&f->space, gva(start), bytes, 3 * PAGE - 1, &error));
	g_assert_no_error(error);
	g_assert_cmpmem(bytes, PAGE, f->ram + 0x00300000, PAGE);
	for (size_t i = 0; i < PAGE; i++)
		g_assert_cmpint(bytes[PAGE + i], ==, 0);
	g_assert_cmpmem(bytes + 2 * PAGE, PAGE - 1, f->ram + 0x00200000, PAGE - 1);
	g_assert_cmpint(bytes[3 * PAGE - 1], ==, 'x');
}

static void test_mapped_runs(struct fixture *f, gconstpointer levels G_GNUC_UNUSED)
{
	static const struct mapped_run expected[] = {
		{{0x00007fff12345000}, PAGE},
		{{0xffffffff81000000}, (4 << 20) + 2 * PAGE},
		{{0xffffffff81404000}, PAGE},
		{{0xfffffffffffff000}, PAGE - 1}, /* the exclusive end is the last byte */
	};
	g_autoptr(GArray) all = NULL;
	g_autoptr(GArray) two = NULL;
	g_autoptr(GArray) inside = NULL;

	map(f, 0x00007fff12345000, 0x00235000, 1, USER);
	map(f, 0xffffffff81000000, 0x00800000, 2, 0);
	map(f, 0xffffffff81200000, 0x00400000, 2, 0);
	map(f, 0xffffffff81400000, 0x00234000, 1, 0);
	map(f, 0xffffffff81401000, 0x00238000, 1, 0);
	map(f, 0xffffffff81404000, 0x00239000, 1, 0);
	map(f, 0xfffffffffffff000, 0x00239000, 1, 0);
	all = address_space_mapped_runs(&f->space, gva(0), gva(UINT64_MAX), 10);
	g_assert_cmpuint(all->len, ==, G_N_ELEMENTS(expected));
	for (guint i = 0; i < all->len; i++) {
		const struct mapped_run *run = &g_array_index(all, struct mapped_run, i);

		g_assert_cmphex(run->start.value, ==, expected[i].start.value);
		g_assert_cmphex(run->length, ==, expected[i].length);
	}
	two = address_space_mapped_runs(&f->space, gva(0), gva(UINT64_MAX), 2);
	g_assert_cmpuint(two->len, ==, 2);
	inside = address_space_mapped_runs(&f->space, gva(0xffffffff81100000),
					   gva(0xffffffff81300000), 10);
	g_assert_cmpuint(inside->len, ==, 1);
	g_assert_cmphex(g_array_index(inside, struct mapped_run, 0).start.value, ==,
			0xffffffff81100000);
	g_assert_cmphex(g_array_index(inside, struct mapped_run, 0).length, ==, 2 << 20);
}

/* Every entry of every table points to the same table: a search must end nevertheless. */
static void test_looping_tables(struct fixture *f, gconstpointer levels G_GNUC_UNUSED)
{
	g_autoptr(GArray) runs = NULL;
	clock_t start;

	for (unsigned int i = 0; i < 512; i++)
		((uint64_t *)(f->ram + ROOT))[i] = ROOT | PRESENT;
	start = clock();
	runs = address_space_mapped_runs(&f->space, gva(0), gva(UINT64_MAX), 1000);
	g_assert_cmpuint(runs->len, >, 0);
	g_assert_cmpint(clock() - start, <, 5 * CLOCKS_PER_SEC);
	assert_maps(f, 0xffff888012345678, ROOT | 0x678, PAGE);
}

#define ADD(name, test)                                                                            \
	do {                                                                                       \
		g_test_add("/paging/4-levels/" name, struct fixture, GUINT_TO_POINTER(4), set_up,  \
			   test, tear_down);                                                       \
		g_test_add("/paging/5-levels/" name, struct fixture, GUINT_TO_POINTER(5), set_up,  \
			   test, tear_down);                                                       \
	} while (0)

static void test_five_levels_reach_further(struct fixture *f, gconstpointer levels G_GNUC_UNUSED)
{
	map(f, 0xff11000000000000, 0x00234000, 1, 0);
	map(f, 0x00fe000000001000, 0x00235000, 1, USER);
	assert_maps(f, 0xff11000000000123, 0x00234123, PAGE);
	assert_maps(f, 0x00fe000000001123, 0x00235123, PAGE);
}

static void test_four_levels_do_not(struct fixture *f, gconstpointer levels G_GNUC_UNUSED)
{
	g_autoptr(GError) error = NULL;
	struct mapping mapping;

	g_assert_false(
		address_space_translate(&f->space, gva(0xff11000000000000), &mapping, &error));
	g_assert_cmpstr(error->message, ==, "guest address 0xff11000000000000 is not canonical");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("page-sizes", test_page_sizes);
	ADD("address-bits", test_address_bits);
	ADD("rights", test_rights);
	ADD("unmapped", test_unmapped);
	ADD("reads-across-pages", test_reads_across_pages);
	ADD("holes-read-as-zeros", test_holes_read_as_zeros);
	ADD("mapped-runs", test_mapped_runs);
	ADD("looping-tables", test_looping_tables);
	g_test_add("/paging/5-levels/reach-further", struct fixture, GUINT_TO_POINTER(5), set_up,
		   test_five_levels_reach_further, tear_down);
	g_test_add("/paging/4-levels/do-not", struct fixture, GUINT_TO_POINTER(4), set_up,
		   test_four_levels_do_not, tear_down);
	return g_test_run();
}
