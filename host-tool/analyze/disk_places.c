// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/disk_places.h"

#include "common/protocol.h"
#include "kernel/disks.h"

#define PAGE_SIZE 4096u

G_STATIC_ASSERT(DISKS_MAX_QUEUES <= PROTOCOL_DISKS_MAX_QUEUES);

/* The guest-physical address of @address. 0: it is not mapped, or its pages are not contiguous. */
static uint64_t location_of(const struct kernel *kernel, gva_t address, uint64_t length)
{
	uint64_t first = kernel_location(kernel, address);

	for (uint64_t offset = PAGE_SIZE - address.value % PAGE_SIZE; first && offset < length;
	     offset += PAGE_SIZE) {
		if (kernel_location(kernel, gva_add(address, offset)) != first + offset)
			return 0;
	}
	return first;
}

static bool is_whole(const struct disk_bitmap *bitmap, uint32_t word_size)
{
	return bitmap->shift <= 6 && word_size > 0 && word_size <= PROTOCOL_DISKS_MAX_WORDS &&
	       bitmap->num_words > 0 && bitmap->num_words <= PROTOCOL_DISKS_MAX_WORDS / word_size &&
	       bitmap->num_requests <= DISKS_MAX_TAGS && bitmap->first <= DISKS_MAX_TAGS &&
	       bitmap->num_requests <= (uint64_t)bitmap->num_words << bitmap->shift;
}

static bool find_queue(const struct kernel *kernel, gva_t tags, struct protocol_disk_queue *queue)
{
	const int32_t *fields = kernel->map->fields;
	int32_t set = fields[FIELD_sbitmap_word_set], cleared = fields[FIELD_sbitmap_word_cleared];
	uint32_t word_size = (uint32_t)fields[SIZE_sbitmap_word];
	struct disk_bitmap bitmap;

	if (!disks_read_bitmap(kernel, tags, &bitmap) || !is_whole(&bitmap, word_size))
		return false;
	*queue = (struct protocol_disk_queue){
		.words = location_of(kernel, bitmap.words, bitmap.num_words * word_size),
		.requests = location_of(kernel, bitmap.requests,
					8ull * (bitmap.first + bitmap.num_requests)),
		.num_words = bitmap.num_words,
		.word_size = word_size,
		.set = (uint32_t)set,
		.cleared = (uint32_t)(cleared == FIELD_UNKNOWN ? set : cleared),
		.shift = bitmap.shift,
		.num_requests = bitmap.num_requests,
		.first = bitmap.first,
	};
	return queue->words && queue->requests;
}

/* The block layer's structures are in the direct map. */
static uint64_t direct_base(const struct kernel *kernel, gva_t tags)
{
	uint64_t location = kernel_location(kernel, tags);

	return location ? tags.value - location : 0;
}

static void note_devices(const struct kernel *kernel, gva_t devices, struct protocol_disks *head)
{
	if (devices.value && address_space_read(&kernel->space, devices, head->devices_seen,
						sizeof(head->devices_seen), NULL, NULL))
		head->devices = location_of(kernel, devices, sizeof(head->devices_seen));
}

static void add_queues(const struct kernel *kernel, const GArray *tags, GByteArray *message)
{
	struct protocol_disks *head;
	uint64_t base = 0;
	uint32_t num = 0;

	for (guint i = 0; i < tags->len; i++) {
		gva_t each = g_array_index(tags, gva_t, i);
		struct protocol_disk_queue queue;

		if (base == 0)
			base = direct_base(kernel, each);
		if (!find_queue(kernel, each, &queue))
			continue;
		g_byte_array_append(message, (const guint8 *)&queue, sizeof(queue));
		num++;
	}
	head = (struct protocol_disks *)(void *)message->data;
	head->num_queues = num;
	head->base = base;
}

GBytes *disk_places(const struct analysis *analysis)
{
	const struct kernel *kernel = &analysis->kernel;
	const int32_t *fields = analysis->map->fields;
	GByteArray *message = g_byte_array_new();
	gva_t devices;
	g_autoptr(GArray) tags = disks_tags(kernel, &devices);
	struct protocol_disks head = {
		.number = (uint32_t)fields[FIELD_request_tag],
		.state = (uint32_t)fields[FIELD_request_state],
		.start = (uint32_t)fields[FIELD_request_start],
		.state_in_flight = DISKS_IN_FLIGHT,
	};

	note_devices(kernel, devices, &head);
	g_byte_array_append(message, (const guint8 *)&head, sizeof(head));
	/* Without the offsets this adds no queues. */
	add_queues(kernel, tags, message);
	return g_byte_array_free_to_bytes(message);
}
