/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The top of the page: the headline, the verdict, and the most important facts. */
#ifndef OOPSBT_PLUGIN_HTML_HEAD_H
#define OOPSBT_PLUGIN_HTML_HEAD_H

#include <json-glib/json-glib.h>

#include "html_writer.h"

void html_head(struct html *html, JsonObject *report);

#endif
