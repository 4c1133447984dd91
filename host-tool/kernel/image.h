/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A copy of the mapped kernel image. The searches for tables read every byte, so the image is
 * copied once and all searches share the copy.
 */
#ifndef OOPSBT_KERNEL_IMAGE_H
#define OOPSBT_KERNEL_IMAGE_H

#include <string.h>

#include "guest/paging.h"

/* The maximum size of a kernel image, in bytes. */
#define MAX_IMAGE (256u << 20)

struct image {
	gva_t start;
	uint8_t *bytes; /* unmapped pages are zeros */
	size_t length;
	uint64_t steps_left; /* for all searches together: a hostile image may be slow to search */
};

/*
 * Copies the image at @run, bypassing the snapshot. All searches together may take @steps steps of
 * a few nanoseconds each.
 */
bool image_copy(const struct address_space *space, struct mapped_run run, uint64_t steps,
		struct image *image, GError **error);
void image_clear(struct image *image);
typedef struct image Image;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Image, image_clear)

/* False: the searches have used all their steps. */
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

/* @offset counts from the image's start; the value must lie in the image. */
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

/* The address that a 32-bit offset leads to, relative to its own address. */
static inline uint64_t image_relative(const struct image *image, size_t offset)
{
	return image->start.value + offset + (uint64_t)(int64_t)(int32_t)image_u32(image, offset);
}

#endif
