/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the guest is asked for its own view with an NMI. Only a kernel that is known to take it
 * well gets one: to others an unknown NMI may be a panic.
 */
#ifndef OOPSBT_DAEMON_NMI_H
#define OOPSBT_DAEMON_NMI_H

#include <stdbool.h>

#include "common/options.h"
#include "common/protocol.h"

/* @runs: the guest runs again. *@reason (static) says why or why not, for the report. */
bool nmi_wanted(enum option_nmi option, const struct protocol_verdict *verdict, bool runs,
		const char **reason);

#endif
