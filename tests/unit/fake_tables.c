// SPDX-License-Identifier: GPL-2.0-or-later
#include "fake_tables.h"

#include <string.h>

void fake_tables_set_up(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	fake_guest_init(&f->guest, 4 << 20);
	f->map = kernel_map_new();
	f->map->banner = g_strdup("Linux version 6.6.6 (a) (b) #1 SMP");
	f->map->root = f->guest.space.root;
	f->map->levels = 4;
	kernel_init(&f->kernel, f->map, f->guest.snapshot);
}

void fake_tables_tear_down(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	kernel_clear(&f->kernel);
	kernel_map_free(f->map);
	fake_guest_clear(&f->guest);
}

void fake_tables_read_afresh(struct fake_tables *f)
{
	kernel_clear(&f->kernel);
	fake_guest_forget(&f->guest);
	kernel_init(&f->kernel, f->map, f->guest.snapshot);
}

void put_u32(struct fake_tables *f, uint64_t offset, uint32_t value)
{
	memcpy(fake_guest_at(&f->guest, offset), &value, sizeof(value));
}

void put_u64(struct fake_tables *f, uint64_t offset, uint64_t value)
{
	memcpy(fake_guest_at(&f->guest, offset), &value, sizeof(value));
}

void put_text(struct fake_tables *f, uint64_t offset, const char *text)
{
	memcpy(fake_guest_at(&f->guest, offset), text, strlen(text) + 1);
}
