/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adds a full dump to a stored dump, for crash(8), with libvirt's core-dump call. */
#ifndef OOPSBT_DAEMON_VMCORE_H
#define OOPSBT_DAEMON_VMCORE_H

#include "common/store.h"
#include "daemon/layout.h"

/*
 * Unfinished full dumps of a domain (@uuid) in the store at @root: being written, or left by a
 * process that has ended. Only the process that collects the domain, and so has its lock, may call
 * these.
 */
bool vmcore_is_unfinished(const char *root, const char *uuid);
void vmcore_remove_unfinished(const char *root, const char *uuid);

/* QEMU stops the guest while it writes. @free_space_floor: bytes that must stay free. */
bool vmcore_write(virDomainPtr domain, struct store *store, const char *id,
		  const struct layout *layout, uint64_t free_space_floor, GError **error);

#endif
