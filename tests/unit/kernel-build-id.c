/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Build IDs of the kernel and of modules, from notes with arbitrary content. */
#include "kernel/build-id.h"

#include <elf.h>
#include <string.h>

#include "fake_tables.h"

/* Offsets in the image, in struct module and behind its pointer notes_attrs. */
#define NOTES 0x1000u
#define MODULE 0x2000u
#define ATTRIBUTES 0x3000u
#define MODULE_NOTES 0x4000u
#define BUILD_ID 0x100
#define NOTES_ATTRS 0x200
#define FIRST 16
#define SIZE 32
#define PRIVATE 40
#define STRIDE 64

static void set_up(struct fake_tables *f, gconstpointer unused)
{
	fake_tables_set_up(f, unused);
	f->map->symbols[SYMBOL___start_notes] = ADDRESS(NOTES);
	f->map->symbols[SYMBOL___stop_notes] = ADDRESS(NOTES + 0x100);
	f->map->fields[FIELD_module_notes_attrs] = NOTES_ATTRS;
	f->map->fields[FIELD_module_notes_first] = FIRST;
	f->map->fields[FIELD_bin_attribute_size] = SIZE;
	f->map->fields[FIELD_bin_attribute_private] = PRIVATE;
	f->map->fields[SIZE_bin_attribute] = STRIDE;
}

/* Returns the place of the next note. */
static uint64_t put_note(struct fake_tables *f, uint64_t at, const char *name, uint32_t type,
			 const uint8_t *descriptor, uint32_t length)
{
	uint32_t name_length = (uint32_t)strlen(name) + 1;
	uint64_t start = at + sizeof(Elf64_Nhdr) + (name_length + 3) / 4 * 4;

	put_u32(f, at, name_length);
	put_u32(f, at + 4, length);
	put_u32(f, at + 8, type);
	put_text(f, at + 12, name);
	memcpy(fake_guest_at(&f->guest, start), descriptor, length);
	return start + (length + 3) / 4 * 4;
}

static const uint8_t some_id[] = {0xde, 0xad, 0xbe, 0xef, 0x00, 0x01};

/* After a note of another type, as in Linux. */
static void put_notes(struct fake_tables *f, uint64_t at)
{
	at = put_note(f, at, "Xen", 6, some_id, 5);
	put_note(f, at, "GNU", NT_GNU_BUILD_ID, some_id, sizeof(some_id));
}

static void assert_kernel(struct fake_tables *f, const char *expected)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *build_id = NULL;

	fake_tables_read_afresh(f);
	build_id = build_id_read(&f->kernel, &error);
	g_assert_cmpstr(build_id, ==, expected);
	g_assert_true((error == NULL) == (expected != NULL));
}

static void assert_module(struct fake_tables *f, const char *expected)
{
	g_autofree char *build_id = NULL;

	fake_tables_read_afresh(f);
	build_id = build_id_read_module(&f->kernel, gva(ADDRESS(MODULE)));
	g_assert_cmpstr(build_id, ==, expected);
}

static void test_kernel(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	assert_kernel(f, NULL);
	put_notes(f, NOTES);
	assert_kernel(f, "deadbeef0001");
	f->map->symbols[SYMBOL___stop_notes] = ADDRESS(NOTES);
	assert_kernel(f, NULL);
	f->map->symbols[SYMBOL___start_notes] = 0;
	assert_kernel(f, NULL);
}

/* Lengths beyond the end of the notes, and lengths that wrap around. */
static void test_lies(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	static const uint32_t lengths[] = {0xffffffff, 0xfffffffc, 0x10000, 0x101, 0x7fffffff};

	for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
		put_notes(f, NOTES);
		put_u32(f, NOTES, lengths[i]);
		assert_kernel(f, NULL);
		put_notes(f, NOTES);
		put_u32(f, NOTES + 4, lengths[i]);
		assert_kernel(f, NULL);
	}
	/* A build ID over the maximal length; notes over the maximal length. */
	put_notes(f, NOTES);
	put_note(f, NOTES, "GNU", NT_GNU_BUILD_ID, fake_guest_at(&f->guest, 0x8000), 65);
	assert_kernel(f, NULL);
	/* A build ID after the end of the notes does not count. */
	put_note(f, NOTES, "GNU", NT_GNU_BUILD_ID, some_id, sizeof(some_id));
	f->map->symbols[SYMBOL___stop_notes] = ADDRESS(NOTES + 20);
	assert_kernel(f, NULL);
	f->map->symbols[SYMBOL___stop_notes] = ADDRESS(NOTES + 24);
	assert_kernel(f, "deadbeef0001");
	f->map->symbols[SYMBOL___stop_notes] = ADDRESS(NOTES + 0x20000);
	assert_kernel(f, NULL);
}

/* From 5.14 on. */
static void test_member(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->map->fields[FIELD_module_build_id] = BUILD_ID;
	assert_module(f, NULL);
	memcpy(fake_guest_at(&f->guest, MODULE + BUILD_ID), some_id, sizeof(some_id));
	assert_module(f, "deadbeef00010000000000000000000000000000");
}

static void put_attribute(struct fake_tables *f, unsigned int i, uint64_t notes, uint64_t length)
{
	put_u64(f, ATTRIBUTES + FIRST + i * STRIDE + SIZE, length);
	put_u64(f, ATTRIBUTES + FIRST + i * STRIDE + PRIVATE, notes);
}

/* Up to 5.13: the second section of notes has the build ID. */
static void test_attributes(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	assert_module(f, NULL);
	put_u64(f, MODULE + NOTES_ATTRS, ADDRESS(ATTRIBUTES));
	put_note(f, MODULE_NOTES, "Linux", 1, some_id, 4);
	put_notes(f, MODULE_NOTES + 0x200);
	put_attribute(f, 0, ADDRESS(MODULE_NOTES), 24);
	put_attribute(f, 1, ADDRESS(MODULE_NOTES + 0x200), 0x40);
	assert_module(f, "deadbeef0001");
	/* The number of attributes is unknown: an attribute must point into the module. */
	put_attribute(f, 0, 0x1234, 24);
	assert_module(f, NULL);
	put_attribute(f, 0, ADDRESS(MODULE_NOTES), UINT64_MAX);
	put_attribute(f, 1, 0, 0);
	assert_module(f, NULL);
	put_u64(f, MODULE + NOTES_ATTRS, 0x4141414141414141);
	assert_module(f, NULL);
}

#define TEST(name, function)                                                                       \
	g_test_add("/build-id/" name, struct fake_tables, NULL, set_up, function,                  \
		   fake_tables_tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	TEST("kernel", test_kernel);
	TEST("lies", test_lies);
	TEST("module-member", test_member);
	TEST("module-attributes", test_attributes);
	return g_test_run();
}
