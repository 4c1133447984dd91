/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's log: before, during and after the incident. */
#ifndef OOPSBT_PLUGIN_HTML_LOG_H
#define OOPSBT_PLUGIN_HTML_LOG_H

#include <json-glib/json-glib.h>

#include "html_writer.h"

/* A long log is shortened to the records nearest to the incident, or to its end. */
void html_log(struct html *html, JsonObject *report);

#endif
