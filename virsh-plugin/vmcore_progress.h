/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * While a collection writes a full memory dump, which takes as long as the guest's memory is large:
 * shows how far it is, and removes the unfinished file if a signal ends this program. libvirt does
 * not end such a dump before it is complete: until then the guest stands.
 */
#ifndef OOPSBT_PLUGIN_VMCORE_PROGRESS_H
#define OOPSBT_PLUGIN_VMCORE_PROGRESS_H

#include "session.h"

struct vmcore_progress;

/* To be called before a collection of @domain. There is one at a time. */
struct vmcore_progress *vmcore_progress_begin(struct session *session, virDomainPtr domain);
/* When the collection has ended. */
void vmcore_progress_end(struct vmcore_progress *watch);

#endif
