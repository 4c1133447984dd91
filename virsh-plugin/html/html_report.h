/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A report as one self-contained page: no network, no other file, no other script. Its size is
 * limited for any report; where something is omitted, the page says so.
 */
#ifndef OOPSBT_PLUGIN_HTML_REPORT_H
#define OOPSBT_PLUGIN_HTML_REPORT_H

#include <json-glib/json-glib.h>

/* @report: report.json. g_string_free(). */
GString *html_report(JsonObject *report);

#endif
