/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One lane a CPU: what it did at the instant, since when, and, folded, its registers and its stack.
 */
#ifndef OOPSBT_PLUGIN_HTML_LANES_H
#define OOPSBT_PLUGIN_HTML_LANES_H

#include <json-glib/json-glib.h>

#include "html_writer.h"

/* Of many CPUs those that are not idle first; a note says how many are left out. */
void html_lanes(struct html *html, JsonObject *report);

/* One of a report's vCPUs or tasks has "frames": its functions, "a ← b ← c", innermost first. */
char *html_short_trace(JsonObject *owner);

#endif
