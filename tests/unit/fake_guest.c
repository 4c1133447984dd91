// SPDX-License-Identifier: GPL-2.0-or-later
#include "fake_guest.h"

#include <string.h>

#define LARGE_PAGE (2ull << 20)
#define TABLES LARGE_PAGE /* bytes before the image: root, third and second level */
#define TABLE(n) (0x1000u * (n))
#define NO_EXECUTE (1ull << 63)
#define MAX_PAGES 65536

static bool read_ram(void *user_data, gpa_t address, void *buffer, size_t length,
		     GError **error G_GNUC_UNUSED)
{
	memcpy(buffer, (uint8_t *)user_data + address.value, length);
	return true;
}

static void set_entry(struct fake_guest *guest, unsigned int table, unsigned int level,
		      uint64_t address, uint64_t value)
{
	uint64_t *entries = (uint64_t *)(guest->ram + TABLE(table));

	entries[address >> (12 + 9 * (level - 1)) & 511] = value;
}

void fake_guest_init(struct fake_guest *guest, uint64_t image_length)
{
	struct guest_extent all;

	guest->image_length = (image_length + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
	all = (struct guest_extent){{0}, TABLES + guest->image_length, 0};
	guest->ram = g_malloc0(all.length);
	set_entry(guest, 1, 4, FAKE_GUEST_IMAGE, TABLE(2) | 3);
	set_entry(guest, 2, 3, FAKE_GUEST_IMAGE, TABLE(3) | 3);
	for (uint64_t at = 0; at < guest->image_length; at += LARGE_PAGE)
		set_entry(guest, 3, 2, FAKE_GUEST_IMAGE + at, (TABLES + at) | 0x83);
	guest->memory = guest_memory_new_function(read_ram, guest->ram, &all, 1, NULL);
	guest->snapshot = snapshot_new(guest->memory, MAX_PAGES);
	guest->space = (struct address_space){guest->snapshot, gpa(TABLE(1)), 4};
}

void fake_guest_clear(struct fake_guest *guest)
{
	snapshot_free(guest->snapshot);
	guest_memory_free(guest->memory);
	g_free(guest->ram);
}

void fake_guest_forget(struct fake_guest *guest)
{
	snapshot_free(guest->snapshot);
	guest->snapshot = guest->space.snapshot = snapshot_new(guest->memory, MAX_PAGES);
}

void fake_guest_forbid_execution(struct fake_guest *guest, uint64_t offset)
{
	uint64_t at = offset & ~(LARGE_PAGE - 1);

	set_entry(guest, 3, 2, FAKE_GUEST_IMAGE + at, (TABLES + at) | 0x83 | NO_EXECUTE);
}

uint8_t *fake_guest_at(struct fake_guest *guest, uint64_t offset)
{
	g_assert_cmpuint(offset, <, guest->image_length);
	return guest->ram + TABLES + offset;
}
