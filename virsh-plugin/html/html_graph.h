/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wait-for graphs: the report's chains of tasks, and the CPUs that wait for a spinlock. */
#ifndef OOPSBT_PLUGIN_HTML_GRAPH_H
#define OOPSBT_PLUGIN_HTML_GRAPH_H

#include <json-glib/json-glib.h>

#include "html_writer.h"

/* Writes nothing if nothing waits. */
void html_graph(struct html *html, JsonObject *report);

#endif
