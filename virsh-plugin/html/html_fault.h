/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registers and the code at the instruction that oopsed. */
#ifndef OOPSBT_PLUGIN_HTML_FAULT_H
#define OOPSBT_PLUGIN_HTML_FAULT_H

#include <json-glib/json-glib.h>

#include "html_writer.h"

/* Writes nothing if the report has no fault. */
void html_fault(struct html *html, JsonObject *report);

#endif
