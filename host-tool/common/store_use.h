/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much is in a store, for whoever asks again and again: no report is read. */
#ifndef OOPSBT_COMMON_STORE_USE_H
#define OOPSBT_COMMON_STORE_USE_H

#include <sys/stat.h>

#include "common/store.h"

/* Zeroed: nothing is known yet. */
struct store_use {
	uint64_t dumps;
	uint64_t bytes; /* of all dumps, as the file system counts them */
	bool free_known;
	uint64_t free_bytes; /* of the file system, for the daemon's user */
	struct stat index;   /* of store_pool.h, as it was when the dumps were counted */
};

/*
 * Brings @use up to date. The dumps are counted again only if the index for storage pools is
 * another one, as it is after each change that was made through store.h. A store that is not there
 * has no dumps. False: they can't be counted.
 */
bool store_use_update(const struct store *store, struct store_use *use, GError **error);

#endif
