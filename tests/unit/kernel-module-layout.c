/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Infers the layout of struct module from the first loaded module, for any order of its members,
 * and rejects ambiguous data.
 */
#include <string.h>

#include "fake_guest.h"
#include "kernel/module_layout.h"

/* Offsets in the image, which includes the module. */
#define HEAD 0x1000u
#define KOBJECT_NAME 0x2000u
#define CORE 0x40000u
#define CORE_SIZE 0x5000u
#define TEXT_SIZE 0x1000u
#define MODULE (CORE + 0x2000u)
#define ORC_IPS (CORE + 0x1402u) /* the linker does not align it */
#define ORCS (CORE + 0x1500u)
#define SYMBOLS (CORE + 0x3000u)
#define STRINGS (CORE + 0x4001u)

#define MEMORY 0x280u /* in struct module */

#define NAME "of_a_test"

#define ADDRESS(offset) (FAKE_GUEST_IMAGE + (offset))

/* Offsets in struct module. */
struct order {
	uint32_t list, name, kobject_name, layout, kallsyms, core_kallsyms, orc;
};

static const struct order as_declared = {8, 24, 80, 256, 512, 520, 448};
static const struct order shuffled = {704, 131, 8, 512, 0x28, 0x100, 0x60};

struct fixture {
	struct fake_guest guest;
	struct kernel_map *map;
};

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

static void put_module(struct fixture *f, const struct order *order)
{
	char name[56] = NAME;

	put_u64(f, HEAD, ADDRESS(MODULE + order->list));
	put_u64(f, HEAD + 8, ADDRESS(MODULE + order->list));
	put_u64(f, MODULE + order->list, ADDRESS(HEAD));
	put_u64(f, MODULE + order->list + 8, ADDRESS(HEAD));
	put(f, MODULE + order->name, name, sizeof(name));
	put(f, KOBJECT_NAME, NAME, sizeof(NAME));
	put_u64(f, MODULE + order->kobject_name, ADDRESS(KOBJECT_NAME));
	put_u64(f, MODULE + order->layout, ADDRESS(CORE));
	put_u32(f, MODULE + order->layout + 8, CORE_SIZE);
	put_u32(f, MODULE + order->layout + 12, TEXT_SIZE);
	put_u32(f, MODULE + order->layout + 16, 0x2000);
	put_u64(f, MODULE + order->kallsyms, ADDRESS(MODULE + order->core_kallsyms));
	put_u64(f, MODULE + order->core_kallsyms, ADDRESS(SYMBOLS));
	put_u32(f, MODULE + order->core_kallsyms + 8, 20);
	put_u64(f, MODULE + order->core_kallsyms + 16, ADDRESS(STRINGS));
	put_u32(f, MODULE + order->orc, 10);
	put_u64(f, MODULE + order->orc + 8, ADDRESS(ORC_IPS));
	put_u64(f, MODULE + order->orc + 16, ADDRESS(ORCS));
	put_u32(f, ORC_IPS, CORE - ORC_IPS);
}

static void set_up(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	fake_guest_init(&f->guest, 2 << 20);
	f->map = kernel_map_new();
	f->map->symbols[SYMBOL_modules] = ADDRESS(HEAD);
}

static void tear_down(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	kernel_map_free(f->map);
	fake_guest_clear(&f->guest);
}

static bool infer(struct fixture *f)
{
	fake_guest_forget(&f->guest);
	return module_layout_infer(f->map, &f->guest.space);
}

/* The offset relative to the list entry, from the fields. */
static int32_t from_list(const struct fixture *f, enum kernel_field field)
{
	g_assert_cmpint(f->map->fields[field], !=, FIELD_UNKNOWN);
	return f->map->fields[field] - f->map->fields[FIELD_module_list];
}

static void assert_told(struct fixture *f, const struct order *order)
{
	int32_t list = (int32_t)order->list;

	put_module(f, order);
	g_assert_true(infer(f));
	g_assert_cmpint(from_list(f, FIELD_module_name), ==, (int32_t)order->name - list);
	g_assert_cmpint(from_list(f, FIELD_module_core_layout), ==, (int32_t)order->layout - list);
	g_assert_cmpint(from_list(f, FIELD_module_kallsyms), ==, (int32_t)order->kallsyms - list);
	g_assert_cmpint(from_list(f, FIELD_module_arch), ==, (int32_t)order->orc - list);
	g_assert_cmpint(f->map->fields[FIELD_module_taints], ==, FIELD_UNKNOWN);
}

static void test_told(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	assert_told(f, &as_declared);
}

static void test_shuffled(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	assert_told(f, &shuffled);
}

static void assert_not_told(struct fixture *f)
{
	g_assert_false(infer(f));
	g_assert_cmpint(f->map->fields[FIELD_module_list], ==, FIELD_UNKNOWN);
}

/* From 6.4 on: text, data with the structure in it, read-only tables, and no init memory. */
static void put_memory(struct fixture *f, uint32_t size_at, uint32_t stride)
{
	const struct {
		uint64_t start;
		uint32_t size;
	} ranges[7] = {
		{ADDRESS(CORE), TEXT_SIZE},
		{ADDRESS(CORE + 0x2000), 0x3000},
		{ADDRESS(CORE + 0x1000), 0x1000},
	};

	put_module(f, &as_declared);
	memset(fake_guest_at(&f->guest, MODULE + as_declared.layout), 0, 24);
	for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++) {
		put_u64(f, MODULE + MEMORY + i * stride, ranges[i].start);
		put_u32(f, MODULE + MEMORY + i * stride + size_at, ranges[i].size);
	}
}

static void test_memory(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	static const struct {
		uint32_t size_at, stride;
	} forms[] = {{8, 72}, {8, 16}, {20, 80}, {20, 24}, {12, 72}, {12, 16}};

	for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
		memset(fake_guest_at(&f->guest, MODULE), 0, 0x1000);
		put_memory(f, forms[i].size_at, forms[i].stride);
		g_assert_true(infer(f));
		g_assert_cmpint(from_list(f, FIELD_module_mem), ==,
				(int32_t)(MEMORY - as_declared.list));
		g_assert_cmpint(f->map->fields[FIELD_module_memory_size], ==,
				(int32_t)forms[i].size_at);
		g_assert_cmpint(f->map->fields[SIZE_module_memory], ==, (int32_t)forms[i].stride);
		g_assert_cmpint(f->map->fields[FIELD_module_core_layout], ==, FIELD_UNKNOWN);
		g_assert_cmpint(from_list(f, FIELD_module_arch), ==,
				(int32_t)(as_declared.orc - as_declared.list));
	}
}

static void test_no_module(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	assert_not_told(f); /* a list that is not set up */
	put_u64(f, HEAD, ADDRESS(HEAD));
	assert_not_told(f);
	put_u64(f, HEAD, 0xdeadbeef00000000);
	assert_not_told(f);
	f->map->symbols[SYMBOL_modules] = 0;
	assert_not_told(f);
}

static void test_no_orc(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_module(f, &as_declared);
	put_u32(f, ORC_IPS, 0x1000); /* outside its text */
	g_assert_true(infer(f));
	g_assert_cmpint(f->map->fields[FIELD_module_arch], ==, FIELD_UNKNOWN);
}

/* Rejects every member that is ambiguous. */
static void test_doubtful(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_module(f, &as_declared);
	put(f, KOBJECT_NAME, "other_name", 11);
	assert_not_told(f);
	put_module(f, &as_declared);
	put(f, MODULE + 600, NAME "\0\0\0\0\0\0\0", sizeof(NAME) + 7);
	assert_not_told(f); /* two names */
	memset(fake_guest_at(&f->guest, MODULE + 600), 0xff, 64);
	g_assert_true(infer(f));
	f->map->fields[FIELD_module_list] = FIELD_UNKNOWN;
	put_u32(f, MODULE + as_declared.layout + 12, CORE_SIZE + 1); /* more text than module */
	assert_not_told(f);
	put_module(f, &as_declared);
	put_u64(f, MODULE + as_declared.core_kallsyms + 16, ADDRESS(CORE + CORE_SIZE));
	assert_not_told(f); /* names outside of it */
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*test)(struct fixture *f, gconstpointer unused);
	} tests[] = {
		{"/module-layout/members in the order of the source are found", test_told},
		{"/module-layout/members in any other order are found", test_shuffled},
		{"/module-layout/members of 6.4 and later are found in each form", test_memory},
		{"/module-layout/without a module nothing is inferred", test_no_module},
		{"/module-layout/a kernel without ORC has no ORC members", test_no_orc},
		{"/module-layout/an ambiguous member is rejected", test_doubtful},
	};

	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].path, struct fixture, NULL, set_up, tests[i].test, tear_down);
	return g_test_run();
}
