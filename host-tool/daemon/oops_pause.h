/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pause that a QEMU with our patches makes at an oops (qemu-patches/using.md). For libvirt the
 * guest runs meanwhile. QEMU itself ends the pause after a limit, so it needs neither the freeze
 * guard nor a record.
 */
#ifndef OOPSBT_DAEMON_OOPS_PAUSE_H
#define OOPSBT_DAEMON_OOPS_PAUSE_H

#include "daemon/virt.h"

/* QEMU's limit for a pause. */
#define OOPS_PAUSE_MAX_MS 10000U

/*
 * Makes the domain's QEMU pause at the next oops for at most @limit_ms, or OOPS_PAUSE_MAX_MS; 0:
 * not at all. The event of a pause then has all vCPUs' registers. If this QEMU has no such action,
 * sets *@known to false; that is no error.
 */
bool oops_pause_set(virDomainPtr domain, unsigned int limit_ms, bool *known, GError **error);

/* Does the domain's QEMU know the oops event and the pause? Changes nothing. */
bool oops_pause_known(virDomainPtr domain, bool *known, GError **error);

/* *@ended is false if there was no such pause: it was over, or the domain is suspended. */
bool oops_pause_end(virDomainPtr domain, bool *ended, GError **error);

#endif
