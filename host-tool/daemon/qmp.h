/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks a domain's QEMU directly over QMP, bypassing libvirt's view of its state. */
#ifndef OOPSBT_DAEMON_QMP_H
#define OOPSBT_DAEMON_QMP_H

#include <json-glib/json-glib.h>

#include "daemon/virt.h"

#define QMP_TIMEOUT_MS 1000

/* QEMU's answer to @command, a JSON object with "return" or "error". json_object_unref(). */
bool qmp_ask(virDomainPtr domain, const char *command, JsonObject **answer, GError **error);

/* The list in an answer; NULL: it is not a list. */
JsonArray *qmp_list(JsonObject *answer);

/* A text in an entry of a list; NULL: the entry does not have it. */
const char *qmp_text(JsonNode *entry, const char *member);

/*
 * Does the domain's QEMU have this property of a device type? Then *@value is the property's
 * default, or -1 if that is not a number.
 */
bool qmp_device_property(virDomainPtr domain, const char *type, const char *property, bool *has,
			 gint64 *value, GError **error);

/* Returns QEMU's run state, for example "internal-error". g_free(). @timeout_ms: -1: no limit. */
char *qmp_run_state(virDomainPtr domain, int timeout_ms, GError **error);

/*
 * Sets *@paused if a stop command has paused the domain, also if a snapshot was made meanwhile. If
 * QEMU stopped by itself, for an oops or a guest's panic, it stays false; libvirt may receive that
 * event later. @timeout_ms: -1: no limit.
 */
bool qmp_is_paused(virDomainPtr domain, int timeout_ms, bool *paused, GError **error);

/* Does QEMU hold the guest for an oops (oops_pause.h)? For everybody else the guest runs then. */
bool qmp_holds_for_oops(virDomainPtr domain, bool *holds, GError **error);

#endif
