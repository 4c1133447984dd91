/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of stored dumps, kept by whoever reads a store again and again: a report is read
 * again only if it is another file. Thread-safe.
 */
#ifndef OOPSBT_COMMON_STORE_CACHE_H
#define OOPSBT_COMMON_STORE_CACHE_H

#include "common/store_entry.h"

struct store_cache;

struct store_cache *store_cache_new(void);
void store_cache_free(struct store_cache *cache);
/* As store_entry_read(). */
struct store_entry *store_cache_read(struct store_cache *cache, const char *root, int domain,
				     const char *directory, const char *id);

#endif
