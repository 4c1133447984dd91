/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live patches: the list klp_patches of struct klp_patch (kernel/livepatch/core.c). A module
 * provides each patch and gives it its name.
 */
#ifndef OOPSBT_KERNEL_LIVEPATCH_H
#define OOPSBT_KERNEL_LIVEPATCH_H

#include "kernel/kernel.h"

/*
 * Array of char *, "name" or "name (disabled)"; free with g_ptr_array_unref(). NULL: the kernel has
 * no live patch support, or the list is inconsistent.
 */
GPtrArray *livepatches_read(const struct kernel *kernel, GError **error);

#endif
