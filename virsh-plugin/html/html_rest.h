/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What no other part shows: what is missing and why, the oopses without a dump, modules, facts of
 * the kernel, and the report itself as JSON.
 */
#ifndef OOPSBT_PLUGIN_HTML_REST_H
#define OOPSBT_PLUGIN_HTML_REST_H

#include <json-glib/json-glib.h>

#include "html_writer.h"

void html_rest(struct html *html, JsonObject *report);

#endif
