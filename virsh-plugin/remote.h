/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dumps of another host, read through libvirt: a storage pool on the directory where that
 * host's store publishes them (common/store_pool.h). Nothing is written there. The files are not
 * trusted, as none is.
 */
#ifndef OOPSBT_PLUGIN_REMOTE_H
#define OOPSBT_PLUGIN_REMOTE_H

#include "archive.h"
#include "progress.h"
#include "session.h"

#define REMOTE_POOL "oopsbt"

/* As store_list(); the entries' paths are "URI:POOL/ID". */
GPtrArray *remote_list(struct session *session, const char *domain_name, GError **error);

/* As store_read(). */
char *remote_read(struct session *session, const struct store_entry *entry, const char *file_name,
		  size_t max_bytes, size_t *length, GError **error);

/*
 * All files of a dump but those in @excluded, as members of an archive. They are files without a
 * name in the folder for temporary files, so that nothing is left of them however this ends.
 */
GPtrArray *remote_fetch(struct session *session, const struct store_entry *entry,
			const char *const *excluded, struct progress *progress, GError **error);

/* Makes the pool on the connection's host, started and autostarted; if it is there, starts it. */
bool remote_make_pool(struct session *session, GError **error);

/* Whether the pool is there. Never fails: unknown is no. */
bool remote_has_pool(struct session *session);

#endif
