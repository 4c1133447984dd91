/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One job of a collector, spoken over the control socket (common/protocol.h). */
#ifndef OOPSBT_ANALYZE_LIVE_H
#define OOPSBT_ANALYZE_LIVE_H

#include <glib.h>
#include <stdbool.h>

/* Already in the sandbox. PROTOCOL_ERROR_CLOSED if the collector went away, with or without a job
 * given. */
bool live_serve(int control, GError **error);

#endif
