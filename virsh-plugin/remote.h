/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the dumps of another host through libvirt: from a storage pool on the directory where that
 * host's store publishes them (common/store_pool.h). Never writes there. The files are untrusted,
 * like all dumps.
 */
#ifndef OOPSBT_PLUGIN_REMOTE_H
#define OOPSBT_PLUGIN_REMOTE_H

#include "archive.h"
#include "progress.h"
#include "session.h"

#define REMOTE_POOL "oopsbt"

/* As store_list(); paths of entries are "URI:POOL/ID". */
GPtrArray *remote_list(struct session *session, const char *domain_name, GError **error);

/* As store_read(). */
char *remote_read(struct session *session, const struct store_entry *entry, const char *file_name,
		  size_t max_bytes, size_t *length, GError **error);

/*
 * All files of a dump except those in @excluded, as members of an archive. They are unnamed
 * temporary files, so nothing remains of them.
 */
GPtrArray *remote_fetch(struct session *session, const struct store_entry *entry,
			const char *const *excluded, struct progress *progress, GError **error);

/* Creates the pool on the connection's host with autostart, and starts it. */
bool remote_make_pool(struct session *session, GError **error);

/* Does the pool exist? Never fails: unknown counts as no. */
bool remote_has_pool(struct session *session);

#endif
