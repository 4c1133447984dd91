/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event of libvirt for a guest's oops, which libvirts with our patches have
 * (virsh-plugin/libvirt-VERSION). Others pass on the event of QEMU, as they do with any.
 */
#ifndef OOPSBT_DAEMON_OOPS_EVENT_H
#define OOPSBT_DAEMON_OOPS_EVENT_H

#include <glib.h>

#include "daemon/virt.h"

struct oops_event {
	gint64 sent_us;		/* real time, of QEMU's host */
	gint64 stop_latency_us; /* from the oops until QEMU had stopped the guest; -1: it runs on */
	const char *registers;	/* of all vCPUs, as of the monitor; NULL: the event has none */
};

typedef void (*oops_event_fn)(virDomainPtr domain, const struct oops_event *event, void *data);

/*
 * Has @callback(@data) told of oopses. Returns what virConnectDomainEventDeregisterAny() takes, or
 * -1: this libvirt has no such event.
 */
int oops_event_register(virConnectPtr connection, oops_event_fn callback, void *data);

#endif
