/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much room all dumps of a store may take together. What is over a limit is removed: of the
 * domain that uses most, the dump that store_keep.h would remove first. The newest dump of the
 * store stays whatever the limits say.
 */
#ifndef OOPSBT_COMMON_STORE_QUOTA_H
#define OOPSBT_COMMON_STORE_QUOTA_H

#include "common/store.h"

/* 0: no such limit. */
struct store_quota {
	uint64_t max_use;	   /* bytes of all dumps, as the file system counts them */
	uint64_t keep_free;	   /* bytes of the file system that dumps leave free */
	unsigned int max_age_days; /* since the dump was begun, by the host's clock */
};

/* @why: a clause, as "all dumps together take more than 100 MiB (max_use_mib)". */
typedef void (*store_removed_fn)(const struct store_entry *entry, const char *why, void *user_data);

/*
 * Removes what is over @quota, and publishes if anything was. @removed is called for each, after
 * it is gone. Without a limit that is passed no report is read.
 */
bool store_enforce(struct store *store, const struct store_quota *quota, store_removed_fn removed,
		   void *user_data, GError **error);

#endif
