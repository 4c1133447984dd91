/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process knows of the dumps in a store, so that each dump is read once. Thread-safe.
 *
 * A domain's directory is read again only if its times or its inode have changed. Its dumps are
 * then looked at, and those are read again whose own directory has changed. So a change inside a
 * stored dump must touch the domain's directory (store_entry_touch()).
 *
 * A file system counts time in steps. A directory that was changed a moment before it was read may
 * be changed again without another time, so it is read again at the next look, too.
 */
#ifndef OOPSBT_COMMON_STORE_CATALOGUE_H
#define OOPSBT_COMMON_STORE_CATALOGUE_H

#include "common/store_entry.h"

struct store_catalogue;

/* @path: the store. */
struct store_catalogue *store_catalogue_new(const char *path);
void store_catalogue_free(struct store_catalogue *catalogue);

/*
 * As store_list(); @root: the open store. A dump that vanishes while it is read was removed by
 * another process: no error. A dump that cannot be read is an error: callers must not take an
 * incomplete list for a complete one.
 */
GPtrArray *store_catalogue_list(struct store_catalogue *catalogue, int root, const char *wanted,
				GError **error);

/*
 * Reads no dump. @highest: the highest number of any id, including dumps that are being built or
 * removed; 0: none. @littered: the names of the directories with such dumps. False: a directory
 * cannot be read.
 */
bool store_catalogue_survey(struct store_catalogue *catalogue, int root, guint64 *highest,
			    GPtrArray **littered, GError **error);

#endif
