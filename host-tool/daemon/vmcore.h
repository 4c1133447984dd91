/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The full dump beside a stored dump, for crash(8), through libvirt's own core-dump call. */
#ifndef OOPSBT_DAEMON_VMCORE_H
#define OOPSBT_DAEMON_VMCORE_H

#include "common/store.h"
#include "daemon/layout.h"

/*
 * Of the store at @root, the full dumps of a domain (@uuid) that are being written or were left
 * behind by a process that has ended. Who collects the domain has its lock, so they are the
 * caller's.
 */
bool vmcore_is_unfinished(const char *root, const char *uuid);
void vmcore_remove_unfinished(const char *root, const char *uuid);

/* QEMU stops the guest for as long as it writes. @free_space_floor: bytes that must stay free. */
bool vmcore_write(virDomainPtr domain, struct store *store, const char *id,
		  const struct layout *layout, uint64_t free_space_floor, GError **error);

#endif
