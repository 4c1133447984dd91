/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One picture of all stacks: those of the CPUs and of the report's tasks. The outermost function is
 * at the top, and a box is as wide as the number of stacks through it.
 */
#ifndef OOPSBT_PLUGIN_HTML_ICICLE_H
#define OOPSBT_PLUGIN_HTML_ICICLE_H

#include <json-glib/json-glib.h>

#include "html_writer.h"

void html_icicle(struct html *html, JsonObject *report);

#endif
