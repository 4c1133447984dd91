/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the other parts do not show: missing data and the reasons, oopses without a dump, modules,
 * kernel settings, and the report itself as JSON.
 */
#ifndef OOPSBT_PLUGIN_HTML_REST_H
#define OOPSBT_PLUGIN_HTML_REST_H

#include <json-glib/json-glib.h>

#include "html_writer.h"

void html_rest(struct html *html, JsonObject *report);

#endif
