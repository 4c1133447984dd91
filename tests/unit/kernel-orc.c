/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ORC entries of each layout, bit by bit, and tables of them. */
#include <string.h>

#include "fake_guest.h"
#include "kernel/kallsyms.h"
#include "kernel/x86_64/orc.h"

#define IPS 0x100000u
#define ENTRIES 0x180000u
#define TEXT 0x1000u

static bool decode(enum orc_layout layout, int16_t sp, int16_t bp, uint16_t bits,
		   struct orc_entry *entry)
{
	uint8_t raw[ORC_ENTRY_SIZE];

	memcpy(raw, &sp, 2);
	memcpy(raw + 2, &bp, 2);
	memcpy(raw + 4, &bits, 2);
	return orc_decode(layout, raw, entry);
}

static const struct {
	enum orc_layout layout;
	uint16_t bits;
	enum orc_register sp, bp;
	enum orc_type type;
	bool signal;
} entries[] = {
	/* The value of sp_reg SP is 5 up to 7.0 and 3 from 7.1 on; that of PREV_SP 1 and 8. */
	{ORC_LAYOUT_5_4, 0x005, ORC_REGISTER_SP, ORC_REGISTER_UNDEFINED, ORC_TYPE_CALL, false},
	{ORC_LAYOUT_5_4, 0x014, ORC_REGISTER_BP, ORC_REGISTER_PREV_SP, ORC_TYPE_CALL, false},
	{ORC_LAYOUT_5_4, 0x105, ORC_REGISTER_SP, ORC_REGISTER_UNDEFINED, ORC_TYPE_REGS, true},
	{ORC_LAYOUT_5_4, 0x205, ORC_REGISTER_SP, ORC_REGISTER_UNDEFINED, ORC_TYPE_REGS_PARTIAL,
	 true},
	{ORC_LAYOUT_5_4, 0x405, ORC_REGISTER_SP, ORC_REGISTER_UNDEFINED, ORC_TYPE_END, false},
	{ORC_LAYOUT_5_4, 0x000, ORC_REGISTER_UNDEFINED, ORC_REGISTER_UNDEFINED, ORC_TYPE_UNDEFINED,
	 false},
	{ORC_LAYOUT_5_4, 0x009, ORC_REGISTER_SP_INDIRECT, ORC_REGISTER_UNDEFINED, ORC_TYPE_CALL,
	 false},
	{ORC_LAYOUT_6_3, 0x505, ORC_REGISTER_SP, ORC_REGISTER_UNDEFINED, ORC_TYPE_REGS, true},
	{ORC_LAYOUT_6_3, 0x105, ORC_REGISTER_SP, ORC_REGISTER_UNDEFINED, ORC_TYPE_REGS, false},
	{ORC_LAYOUT_6_3, 0x805, ORC_REGISTER_SP, ORC_REGISTER_UNDEFINED, ORC_TYPE_END, false},
	{ORC_LAYOUT_6_4, 0x205, ORC_REGISTER_SP, ORC_REGISTER_UNDEFINED, ORC_TYPE_CALL, false},
	{ORC_LAYOUT_6_4, 0xb05, ORC_REGISTER_SP, ORC_REGISTER_UNDEFINED, ORC_TYPE_REGS, true},
	{ORC_LAYOUT_6_4, 0xc05, ORC_REGISTER_SP, ORC_REGISTER_UNDEFINED, ORC_TYPE_REGS_PARTIAL,
	 true},
	{ORC_LAYOUT_6_4, 0x100, ORC_REGISTER_UNDEFINED, ORC_REGISTER_UNDEFINED, ORC_TYPE_END,
	 false},
	{ORC_LAYOUT_6_4, 0x000, ORC_REGISTER_UNDEFINED, ORC_REGISTER_UNDEFINED, ORC_TYPE_UNDEFINED,
	 false},
	{ORC_LAYOUT_6_4, 0x248, ORC_REGISTER_BP_INDIRECT, ORC_REGISTER_BP, ORC_TYPE_CALL, false},
	{ORC_LAYOUT_7_1, 0x203, ORC_REGISTER_SP, ORC_REGISTER_UNDEFINED, ORC_TYPE_CALL, false},
	{ORC_LAYOUT_7_1, 0x284, ORC_REGISTER_BP, ORC_REGISTER_PREV_SP, ORC_TYPE_CALL, false},
	{ORC_LAYOUT_7_1, 0x209, ORC_REGISTER_SP_INDIRECT, ORC_REGISTER_UNDEFINED, ORC_TYPE_CALL,
	 false},
	{ORC_LAYOUT_7_1, 0xb03, ORC_REGISTER_SP, ORC_REGISTER_UNDEFINED, ORC_TYPE_REGS, true},
};

static void test_decode(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(entries); i++) {
		struct orc_entry entry;

		g_test_message("layout %d, 0x%x", entries[i].layout, entries[i].bits);
		g_assert_true(decode(entries[i].layout, 16, -16, entries[i].bits, &entry));
		g_assert_cmpint(entry.sp_register, ==, entries[i].sp);
		g_assert_cmpint(entry.bp_register, ==, entries[i].bp);
		g_assert_cmpint(entry.type, ==, entries[i].type);
		if (entry.type == ORC_TYPE_REGS || entry.type == ORC_TYPE_REGS_PARTIAL)
			g_assert_cmpint(entry.signal, ==, entries[i].signal);
		g_assert_cmpint(entry.sp_offset, ==, 16);
		g_assert_cmpint(entry.bp_offset, ==, -16);
	}
}

static void test_decode_nonsense(void)
{
	static const struct {
		enum orc_layout layout;
		uint16_t bits;
	} bad[] = {
		{ORC_LAYOUT_5_4, 0x00f},  {ORC_LAYOUT_5_4, 0x0b5},  {ORC_LAYOUT_5_4, 0x305},
		{ORC_LAYOUT_5_4, 0x805},  {ORC_LAYOUT_6_3, 0x1005}, {ORC_LAYOUT_6_3, 0x305},
		{ORC_LAYOUT_6_4, 0x505},  {ORC_LAYOUT_6_4, 0x1205}, {ORC_LAYOUT_6_4, 0x20a},
		{ORC_LAYOUT_7_1, 0x8203}, {ORC_LAYOUT_7_1, 0x2b3},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		struct orc_entry entry;

		g_test_message("layout %d, 0x%x", bad[i].layout, bad[i].bits);
		g_assert_false(decode(bad[i].layout, 16, 0, bad[i].bits, &entry));
	}
}

/* The bits of an entry based on the stack pointer, the frame pointer, or saved registers. */
static uint16_t make_bits(enum orc_layout layout, unsigned int i)
{
	static const uint16_t common[NUM_ORC_LAYOUTS][4] = {
		[ORC_LAYOUT_5_4] = {0x005, 0x014, 0x105, 0x400},
		[ORC_LAYOUT_6_3] = {0x005, 0x014, 0x505, 0x800},
		[ORC_LAYOUT_6_4] = {0x205, 0x214, 0xb05, 0x100},
		[ORC_LAYOUT_7_1] = {0x203, 0x284, 0xb03, 0x100},
	};

	return common[layout][i % 16 == 7 ? 2 : i % 64 == 9 ? 3 : i % 4 == 3];
}

static struct orc_table make_table(struct fake_guest *guest, enum orc_layout layout,
				   unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		uint16_t bits = make_bits(layout, i);
		int16_t sp = (int16_t)(8 + 8 * (i % 20));
		int32_t ip = (int32_t)(TEXT + 16 * i) - (int32_t)(IPS + 4 * i);

		memcpy(fake_guest_at(guest, IPS + 4 * i), &ip, 4);
		memcpy(fake_guest_at(guest, ENTRIES + 6 * i), &sp, 2);
		memcpy(fake_guest_at(guest, ENTRIES + 6 * i + 4), &bits, 2);
	}
	return (struct orc_table){
		.ips = gva(FAKE_GUEST_IMAGE + IPS),
		.entries = gva(FAKE_GUEST_IMAGE + ENTRIES),
		.num_entries = count,
	};
}

static void test_detect(void)
{
	struct fake_guest guest;

	fake_guest_init(&guest, 4 << 20);
	for (enum orc_layout layout = ORC_LAYOUT_NONE + 1; layout < NUM_ORC_LAYOUTS; layout++) {
		struct orc_table table = make_table(&guest, layout, 4000);
		g_autoptr(GError) error = NULL;
		enum orc_layout found;

		g_assert_true(orc_detect_layout(&guest.space, &table, &found, &error));
		g_assert_no_error(error);
		g_assert_cmpint(found, ==, layout);
	}
	fake_guest_clear(&guest);
}

static void assert_no_layout(struct fake_guest *guest, const struct orc_table *table)
{
	g_autoptr(GError) error = NULL;
	enum orc_layout found;

	g_assert_false(orc_detect_layout(&guest->space, table, &found, &error));
	g_assert_nonnull(error);
	g_assert_cmpint(found, ==, ORC_LAYOUT_NONE);
}

static void test_detect_nonsense(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(11);
	struct fake_guest guest;
	struct orc_table table;

	fake_guest_init(&guest, 4 << 20);
	table = make_table(&guest, ORC_LAYOUT_6_4, 4000);
	table.num_entries = 0;
	assert_no_layout(&guest, &table);
	table.num_entries = (uint64_t)1 << 60;
	assert_no_layout(&guest, &table);
	table.num_entries = 2 << 20; /* past the image */
	assert_no_layout(&guest, &table);
	table.num_entries = 4000;
	*fake_guest_at(&guest, ENTRIES + 6 * 1234 + 5) = 0xff; /* one invalid entry */
	assert_no_layout(&guest, &table);
	memset(fake_guest_at(&guest, ENTRIES), 0, 6 * 4000);
	assert_no_layout(&guest, &table);
	for (unsigned int i = 0; i < 6 * 4000; i++)
		*fake_guest_at(&guest, ENTRIES + i) = (uint8_t)g_rand_int(random);
	assert_no_layout(&guest, &table);
	fake_guest_clear(&guest);
}

static bool find(struct fake_guest *guest, const struct orc_table *table, uint64_t offset,
		 struct orc_entry *entry)
{
	g_autoptr(GError) error = NULL;
	bool found = orc_find(&guest->space, table, ORC_LAYOUT_6_4, gva(FAKE_GUEST_IMAGE + offset),
			      0, table->num_entries, entry, &error);

	g_assert_true(found == !error);
	return found;
}

static void test_find(void)
{
	struct fake_guest guest;
	struct orc_table table;
	struct orc_entry entry;

	fake_guest_init(&guest, 4 << 20);
	table = make_table(&guest, ORC_LAYOUT_6_4, 4000);
	g_assert_false(find(&guest, &table, TEXT - 1, &entry));
	for (unsigned int i = 0; i < 4000; i += 37) {
		for (unsigned int byte = 0; byte < 16; byte += 15) {
			g_assert_true(find(&guest, &table, TEXT + 16 * i + byte, &entry));
			g_assert_cmpint(entry.sp_offset, ==, 8 + 8 * (i % 20));
		}
	}
	g_assert_true(
		find(&guest, &table, TEXT + 16 * 4000 + 99, &entry)); /* the last has no end */
	g_assert_false(orc_find(&guest.space, &table, ORC_LAYOUT_6_4, gva(FAKE_GUEST_IMAGE + TEXT),
				5, 9, &entry, NULL));
	/* The last of several entries at one address counts. */
	for (unsigned int i = 101; i < 104; i++) {
		int32_t ip = (int32_t)(TEXT + 16 * 100) - (int32_t)(IPS + 4 * i);

		memcpy(fake_guest_at(&guest, IPS + 4 * i), &ip, 4);
	}
	fake_guest_forget(&guest);
	g_assert_true(find(&guest, &table, TEXT + 16 * 100, &entry));
	g_assert_cmpint(entry.sp_offset, ==, 8 + 8 * (103 % 20));
	table.ips = gva(0xffff888000000000);
	g_assert_false(find(&guest, &table, TEXT + 16, &entry));
	fake_guest_clear(&guest);
}

/* Unsorted or arbitrary: finds some entry or none, in as many steps as in a correct table. */
static void test_find_in_lies(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(12);
	struct fake_guest guest;
	struct orc_table table;

	fake_guest_init(&guest, 4 << 20);
	table = make_table(&guest, ORC_LAYOUT_6_4, 4000);
	for (int round = 0; round < 300; round++) {
		struct orc_entry entry;

		for (int i = 0; i < 50; i++)
			*fake_guest_at(&guest, IPS + (uint64_t)g_rand_int_range(random, 0, 16000)) =
				(uint8_t)g_rand_int(random);
		for (int i = 0; i < 50; i++)
			*fake_guest_at(&guest,
				       ENTRIES + (uint64_t)g_rand_int_range(random, 0, 24000)) =
				(uint8_t)g_rand_int(random);
		fake_guest_forget(&guest);
		for (unsigned int at = 0; at < 64000; at += 997)
			find(&guest, &table, TEXT + at, &entry);
	}
	fake_guest_clear(&guest);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/orc/decode", test_decode);
	g_test_add_func("/orc/decode-nonsense", test_decode_nonsense);
	g_test_add_func("/orc/detect", test_detect);
	g_test_add_func("/orc/detect-nonsense", test_detect_nonsense);
	g_test_add_func("/orc/find", test_find);
	g_test_add_func("/orc/find-in-lies", test_find_in_lies);
	return g_test_run();
}
