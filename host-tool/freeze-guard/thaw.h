/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resumes a domain that its owner left frozen, or that an unanswered suspend call may freeze. */
#ifndef OOPSBT_FREEZE_GUARD_THAW_H
#define OOPSBT_FREEZE_GUARD_THAW_H

#include <glib.h>
#include <libvirt/libvirt.h>

#include "freeze-guard/state.h"

/*
 * Resumes the domain of @uuid if it is the instance @domain_id and was paused by a suspend call.
 * Returns what it found: RESUMED, RUNS, OTHERS, GONE or FAILED (then @error is set). A migration,
 * save or snapshot that began during the freeze would keep the pause, so it is cancelled first;
 * *@ended is its name (static). If one has already ended, *@left says where the guest is paused
 * now, and what was done about it (static). Waits for libvirt and QEMU without a limit.
 */
enum freeze_event freeze_thaw_try(virConnectPtr connection, const char *uuid, int domain_id,
				  const char **ended, const char **left, GError **error);

/*
 * Does QEMU itself say that the guest runs? Waits for libvirt's job on the domain, as a suspend
 * call does.
 */
bool freeze_thaw_qemu_runs(virConnectPtr connection, const char *uuid);

#endif
