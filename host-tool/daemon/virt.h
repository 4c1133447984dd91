/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers for libvirt callers: errors as GError, cleanup by scope, calls with a deadline.
 *
 * A libvirt call on a domain may wait half a minute for another caller's job. Where a collection
 * must not wait that long, the call runs in its own thread and is abandoned if it is late.
 */
#ifndef OOPSBT_DAEMON_VIRT_H
#define OOPSBT_DAEMON_VIRT_H

#include <glib.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdbool.h>
#include <stdint.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virConnect, virConnectClose)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)

/* Codes are those of virErrorNumber; a late call has VIR_ERR_OPERATION_TIMEOUT. */
#define VIRT_ERROR (virt_error_quark())
GQuark virt_error_quark(void);

/* Sets @error to the message, a colon and this thread's last libvirt error. Returns false. */
bool virt_fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/*
 * Runs @call(@data) in a thread and waits at most @timeout_ms (-1: without limit). Allocate @data
 * with g_atomic_rc_box_new(): the thread holds its own reference and drops it with @clear when it
 * ends, maybe long after this returned. Until then other calls on @domain with a deadline fail at
 * once, since they would have to wait as well.
 */
typedef bool (*virt_call_fn)(void *data, GError **error);
bool virt_call(virDomainPtr domain, virt_call_fn call, void *data, GDestroyNotify clear,
	       const char *what, int timeout_ms, GError **error);

/* The number of calls of this thread that were abandoned. */
unsigned int virt_calls_left_behind(void);

/* Sends a command to the QEMU monitor: the human monitor (@human), or JSON. g_free(). */
char *virt_monitor(virDomainPtr domain, const char *command, bool human, int timeout_ms,
		   GError **error);

/* The human monitor's command that prints all vCPUs' registers. */
#define VIRT_REGISTERS_COMMAND "info registers -a"

/* Reads @length bytes of guest-physical memory through libvirt, or fails. */
bool virt_memory_peek(virDomainPtr domain, uint64_t address, void *buffer, size_t length,
		      int timeout_ms, GError **error);

/* The largest read that libvirt's protocol always allows. */
#define VIRT_MAX_PEEK ((size_t)1 << 20)

bool virt_inject_nmi(virDomainPtr domain, int timeout_ms, GError **error);

/* libvirt's background job on the domain, of virDomainJobOperation; UNKNOWN: none. */
int virt_job_operation(virDomainPtr domain);

/* Is the domain migrating to or from another host? */
bool virt_is_migrating(virDomainPtr domain);

#endif
