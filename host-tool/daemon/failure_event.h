/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt's event for failures that a guest survives: oopses and lockups. Only libvirt with our
 * patches has it (virsh-plugin/libvirt-VERSION); others forward QEMU's events like any other.
 */
#ifndef OOPSBT_DAEMON_FAILURE_EVENT_H
#define OOPSBT_DAEMON_FAILURE_EVENT_H

#include <glib.h>

#include "daemon/virt.h"

struct oops_event {
	gint64 sent_us;		/* real time of QEMU's host */
	gint64 stop_latency_us; /* from the oops until QEMU had stopped the guest; -1: it runs */
	const char *registers; /* of all vCPUs, in the monitor's format; NULL: the event has none */
};

struct failure_listener {
	void (*oops)(virDomainPtr domain, const struct oops_event *event, void *data);
	void (*lockup)(virDomainPtr domain, void *data);
	void *data;
};

/*
 * Registers @listener, which is copied. Returns the id for virConnectDomainEventDeregisterAny(),
 * or -1: this libvirt has no such event.
 */
int failure_event_register(virConnectPtr connection, const struct failure_listener *listener);

#endif
