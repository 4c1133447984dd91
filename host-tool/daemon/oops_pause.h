/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pause that a QEMU with our patches makes of an oops by itself (qemu-patches/using.md). To
 * libvirt the guest is running meanwhile. It ends by itself after a time that QEMU keeps, so it
 * needs neither the freeze guard nor a record.
 */
#ifndef OOPSBT_DAEMON_OOPS_PAUSE_H
#define OOPSBT_DAEMON_OOPS_PAUSE_H

#include "daemon/virt.h"

/* QEMU pauses for no longer than this. */
#define OOPS_PAUSE_MAX_MS 10000U

/*
 * Has the domain's QEMU pause at the next oops for at most @limit_ms, or OOPS_PAUSE_MAX_MS; 0: not
 * at all. The event of a pause carries all vCPUs' registers then. *@known is false if this QEMU has
 * no such action, which is no error.
 */
bool oops_pause_set(virDomainPtr domain, unsigned int limit_ms, bool *known, GError **error);

/* Whether the domain's QEMU knows the oops event and the pause at all; changes nothing. */
bool oops_pause_known(virDomainPtr domain, bool *known, GError **error);

/* *@ended is false if there was no such pause any more: it was over, or the domain is suspended. */
bool oops_pause_end(virDomainPtr domain, bool *ended, GError **error);

#endif
