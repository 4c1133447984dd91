/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shows the progress of a full memory dump, whose duration depends on the size of the guest's
 * memory, and removes the unfinished file if a signal ends this program. libvirt cannot cancel such
 * a dump: the guest is stopped until it is complete.
 */
#ifndef OOPSBT_PLUGIN_VMCORE_PROGRESS_H
#define OOPSBT_PLUGIN_VMCORE_PROGRESS_H

#include "session.h"

struct vmcore_progress;

/* Call it before a collection of @domain. Only one at a time. */
struct vmcore_progress *vmcore_progress_begin(struct session *session, virDomainPtr domain);
/* Call it after the collection. */
void vmcore_progress_end(struct vmcore_progress *watch);

#endif
