/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the host learned of it, froze the guest, let it go on and stored the dump, drawn to scale.
 */
#ifndef OOPSBT_PLUGIN_HTML_TIMELINE_H
#define OOPSBT_PLUGIN_HTML_TIMELINE_H

#include <json-glib/json-glib.h>

#include "html_writer.h"

/* Nothing where fewer than two times are known. */
void html_timeline(struct html *html, JsonObject *report);

#endif
