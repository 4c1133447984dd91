/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One look at a domain that its owner left frozen, or that an unanswered suspend call may freeze.
 */
#ifndef OOPSBT_FREEZE_GUARD_THAW_H
#define OOPSBT_FREEZE_GUARD_THAW_H

#include <glib.h>
#include <libvirt/libvirt.h>

#include "freeze-guard/state.h"

/*
 * Resumes the domain of @uuid if it is the instance @domain_id and paused by a suspend call, and
 * says what it found: RESUMED, RUNS, OTHERS, GONE or FAILED (then @error is set). A migration, save
 * or snapshot that began while the guest was frozen would carry the pause with it: it is ended
 * first, and *@ended says which (static). Takes as long as libvirt and QEMU do.
 */
enum freeze_event freeze_thaw_try(virConnectPtr connection, const char *uuid, int domain_id,
				  const char **ended, GError **error);

/* Whether QEMU itself says that the guest runs. Waits for libvirt's job on the domain, as a suspend
 * call does. */
bool freeze_thaw_qemu_runs(virConnectPtr connection, const char *uuid);

#endif
