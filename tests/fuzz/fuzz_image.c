// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz_image.h"

#include <string.h>

struct fake_guest *fuzz_image(const uint8_t *bytes, size_t length)
{
	static struct fake_guest guest;
	size_t used = MIN(length, IMAGE_BYTES);

	if (!guest.ram)
		fake_guest_init(&guest, 2 << 20);
	if (used > 0)
		memcpy(fake_guest_at(&guest, 0), bytes, used);
	memset(fake_guest_at(&guest, used), 0, IMAGE_BYTES - used);
	fake_guest_forget(&guest);
	return &guest;
}

struct kernel_map *fuzz_map(const struct fake_guest *guest)
{
	struct kernel_map *map = kernel_map_new();

	map->root = guest->space.root;
	map->levels = guest->space.levels;
	map->image_start = gva(FAKE_GUEST_IMAGE);
	map->image_length = guest->image_length;
	return map;
}
