/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A flat copy of the store for libvirt storage pools, which do not show subdirectories:
 * <root>/.pool/ has hard links "<id>.<file>", and index.json, so that a listing needs one download.
 */
#ifndef OOPSBT_COMMON_STORE_POOL_H
#define OOPSBT_COMMON_STORE_POOL_H

#include "common/store_entry.h"

#define STORE_POOL_DIRECTORY ".pool"
#define STORE_POOL_INDEX "index.json"

/*
 * Creates the folder in @root if needed, and waits until no other process uses it. Returns a handle
 * for store_pool_unlock(), or -1.
 */
int store_pool_lock(const char *root);
void store_pool_unlock(int lock);

/* Makes it contain exactly @entries (of struct store_entry). The lock must be held. */
void store_pool_fill(const char *root, const GPtrArray *entries);

#endif
