/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The space that a store uses. */
#ifndef OOPSBT_COMMON_STORE_USE_H
#define OOPSBT_COMMON_STORE_USE_H

#include "common/store.h"

struct store_use {
	uint64_t dumps;
	uint64_t bytes; /* of all dumps, as the file system counts them */
	bool free_known;
	uint64_t free_bytes; /* free on the file system, for the daemon's user */
};

/* Counts the space of a dump once. A missing store has no dumps. False: it cannot be read. */
bool store_use_read(struct store *store, struct store_use *use, GError **error);

#endif
