/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One lane for each CPU: what it did at the freeze, since when, and, folded, its registers and
 * stack.
 */
#ifndef OOPSBT_PLUGIN_HTML_LANES_H
#define OOPSBT_PLUGIN_HTML_LANES_H

#include <json-glib/json-glib.h>

#include "html_writer.h"

/* If there are many CPUs, active ones come first; a note has the number of omitted ones. */
void html_lanes(struct html *html, JsonObject *report);

/* The functions in "frames" of a vCPU or task: "a ← b ← c", innermost first. */
char *html_short_trace(JsonObject *owner);

#endif
