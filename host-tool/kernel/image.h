/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A copy of the mapped kernel image. The searches for tables look at every byte of it, so it is
 * copied once and given to all of them.
 */
#ifndef OOPSBT_KERNEL_IMAGE_H
#define OOPSBT_KERNEL_IMAGE_H

#include <string.h>

#include "guest/paging.h"

/* No kernel image is larger; bytes. */
#define MAX_IMAGE (256u << 20)

struct image {
	gva_t start;
	uint8_t *bytes; /* what is not mapped is zeros */
	size_t length;
	uint64_t steps_left; /* of all searches together: the image may be made to take long */
};

/*
 * Copies the image at @run past the snapshot. It may take @steps steps to search it; one is a
 * few nanoseconds.
 */
bool image_copy(const struct address_space *space, struct mapped_run run, uint64_t steps,
		struct image *image, GError **error);
void image_clear(struct image *image);
typedef struct image Image;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Image, image_clear)

/* False: a search has taken all the steps that it may. */
static inline bool image_step(struct image *image)
{
	if (!image->steps_left)
		return false;
	image->steps_left--;
	return true;
}

/* Is [@address, @address + @length) in the image? */
static inline bool image_has(const struct image *image, uint64_t address, uint64_t length)
{
	uint64_t offset = address - image->start.value;

	return offset < image->length && length <= image->length - offset;
}

/* @offset counts from the image's start; what is read must lie in the image. */
static inline uint16_t image_u16(const struct image *image, size_t offset)
{
	uint16_t value;

	memcpy(&value, image->bytes + offset, sizeof(value));
	return value;
}

static inline uint32_t image_u32(const struct image *image, size_t offset)
{
	uint32_t value;

	memcpy(&value, image->bytes + offset, sizeof(value));
	return value;
}

static inline uint64_t image_u64(const struct image *image, size_t offset)
{
	uint64_t value;

	memcpy(&value, image->bytes + offset, sizeof(value));
	return value;
}

/* The place that a 32-bit offset, relative to where it lies itself, leads to. */
static inline uint64_t image_relative(const struct image *image, size_t offset)
{
	return image->start.value + offset + (uint64_t)(int64_t)(int32_t)image_u32(image, offset);
}

#endif
