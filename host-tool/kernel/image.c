// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/image.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "kernel/kallsyms.h"

#define HUGE_PAGE (2u << 20)

/*
 * In huge pages: a page fault for each small one takes longer than the copy. No guest is frozen
 * while it is searched, so the host has time to make them.
 */
static uint8_t *allocate(size_t length)
{
	void *bytes;

	if (posix_memalign(&bytes, HUGE_PAGE, length))
		return NULL;
	madvise(bytes, length, MADV_HUGEPAGE);
	return bytes;
}

bool image_copy(const struct address_space *space, struct mapped_run run, uint64_t steps,
		struct image *image, GError **error)
{
	*image = (struct image){run.start, NULL, run.length, steps};
	if (run.length > MAX_IMAGE) {
		g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
			    "kernel image of %" G_GUINT64_FORMAT " bytes is too large", run.length);
		return false;
	}
	image->bytes = allocate(run.length);
	if (!image->bytes) {
		g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
			    "no memory for a kernel image of %" G_GUINT64_FORMAT " bytes",
			    run.length);
		return false;
	}
	if (address_space_peek_mapped(space, run.start, image->bytes, run.length, error))
		return true;
	image_clear(image);
	return false;
}

void image_clear(struct image *image)
{
	g_clear_pointer(&image->bytes, free);
}
