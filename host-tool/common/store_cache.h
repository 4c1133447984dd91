/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cache of stored dumps' entries, for processes that read a store repeatedly. A report is read
 * again only if the file has changed. Thread-safe.
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
