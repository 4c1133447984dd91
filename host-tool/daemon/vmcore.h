/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The full dump beside a stored dump, for crash(8), through libvirt's own core-dump call. */
#ifndef OOPSBT_DAEMON_VMCORE_H
#define OOPSBT_DAEMON_VMCORE_H

#include "common/store.h"
#include "daemon/layout.h"

/* QEMU stops the guest for as long as it writes. @free_space_floor: bytes that must stay free. */
bool vmcore_write(virDomainPtr domain, struct store *store, const char *id,
		  const struct layout *layout, uint64_t free_space_floor, GError **error);

#endif
