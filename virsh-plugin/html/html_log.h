/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's log: what came before, the incident, what came after. */
#ifndef OOPSBT_PLUGIN_HTML_LOG_H
#define OOPSBT_PLUGIN_HTML_LOG_H

#include <json-glib/json-glib.h>

#include "html_writer.h"

/* Of a long log that which is nearest to the incident, or else its end. */
void html_log(struct html *html, JsonObject *report);

#endif
