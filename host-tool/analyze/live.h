/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serves one job of a collector over the control socket (common/protocol.h). */
#ifndef OOPSBT_ANALYZE_LIVE_H
#define OOPSBT_ANALYZE_LIVE_H

#include <glib.h>
#include <stdbool.h>

/* Call it in the sandbox. PROTOCOL_ERROR_CLOSED: the collector is gone, with or without a job. */
bool live_serve(int control, GError **error);

#endif
