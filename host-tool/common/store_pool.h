/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A flat copy of the store for libvirt storage pools, which do not show subdirectories:
 * <root>/.pool/ has hard links "<id>.<file>", and index.json, so that a listing needs one download.
 */
#ifndef OOPSBT_COMMON_STORE_POOL_H
#define OOPSBT_COMMON_STORE_POOL_H

#include <stdbool.h>

#include "common/store_entry.h"

#define STORE_POOL_DIRECTORY ".pool"
#define STORE_POOL_INDEX "index.json"

struct store_pool;

/* @root: the store. Creates nothing. */
struct store_pool *store_pool_new(const char *root);
void store_pool_free(struct store_pool *pool);

/*
 * Creates the folder if needed, and waits until no other thread or process uses it. False: not
 * possible.
 */
bool store_pool_lock(struct store_pool *pool);
void store_pool_unlock(struct store_pool *pool);

/*
 * Makes it contain exactly @entries (of struct store_entry, oldest first), which are the store's
 * since it was locked. What this process has linked before is not looked at again, unless another
 * process has changed the folder since.
 */
void store_pool_fill(struct store_pool *pool, const GPtrArray *entries);

#endif
