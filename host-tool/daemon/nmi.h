/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether to inject an NMI, so that the guest prints its own view. Only a kernel that is
 * known to handle it gets one; others may panic at an unknown NMI.
 */
#ifndef OOPSBT_DAEMON_NMI_H
#define OOPSBT_DAEMON_NMI_H

#include <stdbool.h>

#include "common/options.h"
#include "common/protocol.h"

/* @runs: the guest runs again. *@reason (static): why or why not, for the report. */
bool nmi_wanted(enum option_nmi option, const struct protocol_verdict *verdict, bool runs,
		const char **reason);

#endif
