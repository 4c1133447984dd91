/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt's event for a guest's oops. Only libvirt with our patches has it
 * (virsh-plugin/libvirt-VERSION); others forward QEMU's event like any other.
 */
#ifndef OOPSBT_DAEMON_OOPS_EVENT_H
#define OOPSBT_DAEMON_OOPS_EVENT_H

#include <glib.h>

#include "daemon/virt.h"

struct oops_event {
	gint64 sent_us;		/* real time of QEMU's host */
	gint64 stop_latency_us; /* from the oops until QEMU had stopped the guest; -1: it runs */
	const char *registers; /* of all vCPUs, in the monitor's format; NULL: the event has none */
};

typedef void (*oops_event_fn)(virDomainPtr domain, const struct oops_event *event, void *data);

/*
 * Registers @callback for oopses. Returns the id for virConnectDomainEventDeregisterAny(), or -1:
 * this libvirt has no such event.
 */
int oops_event_register(virConnectPtr connection, oops_event_fn callback, void *data);

#endif
