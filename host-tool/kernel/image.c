// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/image.h"

#include "kernel/kallsyms.h"

bool image_copy(const struct address_space *space, struct mapped_run run, uint64_t steps,
		struct image *image, GError **error)
{
	*image = (struct image){run.start, NULL, run.length, steps};
	if (run.length > MAX_IMAGE) {
		g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
			    "kernel image of %" G_GUINT64_FORMAT " bytes is too large", run.length);
		return false;
	}
	image->bytes = g_try_malloc(run.length);
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
	g_clear_pointer(&image->bytes, g_free);
}
