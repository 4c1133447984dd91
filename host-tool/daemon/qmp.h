/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to a domain's QEMU, in its own protocol, past libvirt's view of it. */
#ifndef OOPSBT_DAEMON_QMP_H
#define OOPSBT_DAEMON_QMP_H

#include <json-glib/json-glib.h>

#include "daemon/virt.h"

#define QMP_TIMEOUT_MS 1000

/* QEMU's answer to @command, a JSON object: with "return" or with "error". json_object_unref(). */
bool qmp_ask(virDomainPtr domain, const char *command, JsonObject **answer, GError **error);

/* Its run state, as "internal-error". g_free(). @timeout_ms: -1: none. */
char *qmp_run_state(virDomainPtr domain, int timeout_ms, GError **error);

/*
 * Whether its run state is "paused": by a stop command. Not where it has stopped by itself, as for
 * a guest's panic, of which libvirt may hear later, nor for an oops. @timeout_ms: -1: none.
 */
bool qmp_is_paused(virDomainPtr domain, int timeout_ms, bool *paused, GError **error);

/* Whether it holds the guest for an oops (oops_pause.h). To all others the guest runs then. */
bool qmp_holds_for_oops(virDomainPtr domain, bool *holds, GError **error);

#endif
