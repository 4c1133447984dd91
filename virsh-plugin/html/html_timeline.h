/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A timeline to scale: when the host got the signal, froze the guest, thawed it and stored the
 * dump.
 */
#ifndef OOPSBT_PLUGIN_HTML_TIMELINE_H
#define OOPSBT_PLUGIN_HTML_TIMELINE_H

#include <json-glib/json-glib.h>

#include "html_writer.h"

/* Writes nothing if fewer than two times are known. */
void html_timeline(struct html *html, JsonObject *report);

#endif
