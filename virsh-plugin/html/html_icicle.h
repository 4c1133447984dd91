/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All stacks in one picture: those of the CPUs and of the tasks that the report shows, the
 * outermost function on top, as wide as there are stacks that go through it.
 */
#ifndef OOPSBT_PLUGIN_HTML_ICICLE_H
#define OOPSBT_PLUGIN_HTML_ICICLE_H

#include <json-glib/json-glib.h>

#include "html_writer.h"

void html_icicle(struct html *html, JsonObject *report);

#endif
