/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Limits the disk space of all dumps together. Beyond a limit, the domain that uses most loses the
 * dump that store_keep.h would remove first. The newest dump of the store always stays.
 */
#ifndef OOPSBT_COMMON_STORE_QUOTA_H
#define OOPSBT_COMMON_STORE_QUOTA_H

#include "common/store.h"

/* 0: no limit. */
struct store_quota {
	uint64_t max_use;	   /* bytes of all dumps, as the file system counts them */
	uint64_t keep_free;	   /* bytes of the file system that dumps must leave free */
	unsigned int max_age_days; /* days since the dump began, by the host's clock */
};

/* @why: a clause, as "all dumps together take more than 100 MiB (max_use_mib)". */
typedef void (*store_removed_fn)(const struct store_entry *entry, const char *why, void *user_data);

/*
 * Removes dumps until @quota is met, and publishes if any was removed. Calls @removed after each
 * removal. Reads no report unless a limit is exceeded.
 */
bool store_enforce(struct store *store, const struct store_quota *quota, store_removed_fn removed,
		   void *user_data, GError **error);

#endif
