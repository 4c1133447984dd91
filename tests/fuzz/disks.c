// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The disks and requests of the block layer, in an image that begins with a pointer to the list of
 * devices.
 */
#include <stdlib.h>

#include "fuzz_image.h"
#include "kernel/disks.h"

static void set_fields(struct kernel_map *map)
{
	static const struct {
		enum kernel_field field;
		int32_t offset;
	} all[] = {
		{FIELD_super_block_inodes, 8}, {FIELD_inode_sb_list, 0},
		{FIELD_bdev_inode_bdev, 0},    {FIELD_bdev_inode_inode, 8},
		{FIELD_block_device_disk, 0},  {FIELD_disk_name, 0},
		{FIELD_disk_queue, 32},	       {FIELD_queue_tag_set, 0},
		{FIELD_tag_set_num_queues, 0}, {FIELD_tag_set_tags, 8},
		{FIELD_tags_num, 0},	       {FIELD_tags_requests, 8},
		{FIELD_tags_reserved, 4},      {FIELD_tags_bitmap, 16},
		{FIELD_sbitmap_queue_sb, 0},   {FIELD_sbitmap_depth, 0},
		{FIELD_sbitmap_shift, 4},      {FIELD_sbitmap_num_words, 8},
		{FIELD_sbitmap_words, 16},     {FIELD_sbitmap_word_set, 0},
		{SIZE_sbitmap_word, 128},      {FIELD_request_queue, 0},
		{FIELD_request_tag, 8},	       {FIELD_request_state, 12},
		{FIELD_request_start, 16},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		map->fields[all[i].field] = all[i].offset;
	map->symbols[SYMBOL_blockdev_superblock] = FAKE_GUEST_IMAGE;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct fake_guest *guest = fuzz_image(bytes, length);
	g_autoptr(KernelMap) map = fuzz_map(guest);
	struct kernel kernel;
	struct disks disks;
	g_autoptr(GArray) tags = NULL;
	gva_t devices;

	set_fields(map);
	kernel_init(&kernel, map, guest->snapshot);
	disks_read(&kernel, (struct maybe_int){true, 1000}, &disks);
	for (guint i = 0; i < disks.entries->len; i++) {
		const struct disk *disk = &g_array_index(disks.entries, struct disk, i);

		if (disk->in_flight < 1 || disk->in_flight > DISKS_MAX_TAGS ||
		    disk->oldest_ns.value < 0)
			abort();
	}
	disks_clear(&disks);
	tags = disks_tags(&kernel, &devices);
	if (tags->len > DISKS_MAX_QUEUES)
		abort();
	for (guint i = 0; i < tags->len; i++) {
		struct disk_bitmap bitmap;

		disks_read_bitmap(&kernel, g_array_index(tags, gva_t, i), &bitmap);
	}
	kernel_clear(&kernel);
	return 0;
}
