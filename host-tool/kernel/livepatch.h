/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live patches: the list klp_patches of struct klp_patch (kernel/livepatch/core.c), each of which a
 * module has brought and is named by.
 */
#ifndef OOPSBT_KERNEL_LIVEPATCH_H
#define OOPSBT_KERNEL_LIVEPATCH_H

#include "kernel/kernel.h"

/*
 * Array of char *, "name" or "name (disabled)"; free with g_ptr_array_unref(). NULL: a kernel
 * without live patches, or a list that makes no sense.
 */
GPtrArray *livepatches_read(const struct kernel *kernel, GError **error);

#endif
