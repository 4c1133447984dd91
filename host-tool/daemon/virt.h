/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every libvirt caller needs: errors as GError, cleanup by scope, calls with a deadline.
 *
 * A libvirt call on a domain may wait half a minute for another caller's job. Where that must not
 * hold up a collection the call is made in a thread of its own, and left behind when it is late.
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

/* Codes are libvirt's virErrorNumber; a call that was late has VIR_ERR_OPERATION_TIMEOUT. */
#define VIRT_ERROR (virt_error_quark())
GQuark virt_error_quark(void);

/* Sets @error to the message and, after a colon, this thread's last libvirt error. Returns false.
 */
bool virt_fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/*
 * Runs @call(@data) in a thread and waits at most @timeout_ms (-1: for ever). @data was made by
 * g_atomic_rc_box_new(): the thread holds a reference of its own and drops it with @clear when
 * it is done, which may be long after this returned. Until then other calls on @domain with a
 * deadline fail at once, as they would have to wait, too.
 */
typedef bool (*virt_call_fn)(void *data, GError **error);
bool virt_call(virDomainPtr domain, virt_call_fn call, void *data, GDestroyNotify clear,
	       const char *what, int timeout_ms, GError **error);

/* How many calls that this thread made were left behind. */
unsigned int virt_calls_left_behind(void);

/* A command to the QEMU monitor: the human one (@human), or JSON. g_free(). */
char *virt_monitor(virDomainPtr domain, const char *command, bool human, int timeout_ms,
		   GError **error);

/* The human one that prints all vCPUs' registers. */
#define VIRT_REGISTERS_COMMAND "info registers -a"

/* Reads guest-physical memory through libvirt, any length; all of it or an error. */
bool virt_memory_peek(virDomainPtr domain, uint64_t address, void *buffer, size_t length,
		      int timeout_ms, GError **error);

/* The largest single read libvirt's protocol is sure to take. */
#define VIRT_MAX_PEEK ((size_t)1 << 20)

bool virt_inject_nmi(virDomainPtr domain, int timeout_ms, GError **error);

/* What libvirt is busy with on the domain in the background, of virDomainJobOperation; UNKNOWN:
 * nothing. */
int virt_job_operation(virDomainPtr domain);

/* Whether the domain is on its way to or from another host. */
bool virt_is_migrating(virDomainPtr domain);

#endif
