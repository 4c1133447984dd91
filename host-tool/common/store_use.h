/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The space that a store uses, for repeated queries. Reads no reports. */
#ifndef OOPSBT_COMMON_STORE_USE_H
#define OOPSBT_COMMON_STORE_USE_H

#include <sys/stat.h>

#include "common/store.h"

/* All zero: unknown. */
struct store_use {
	uint64_t dumps;
	uint64_t bytes; /* of all dumps, as the file system counts them */
	bool free_known;
	uint64_t free_bytes; /* free on the file system, for the daemon's user */
	struct stat index;   /* index.json of store_pool.h when the dumps were counted */
};

/*
 * Updates @use. Counts the dumps again only if the index for storage pools has changed; every
 * change through store.h changes it. A missing store has no dumps. False: the dumps cannot be
 * counted.
 */
bool store_use_update(const struct store *store, struct store_use *use, GError **error);

#endif
