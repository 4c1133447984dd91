/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A report as one page that needs nothing else: no network, no other file, no script. Its size has
 * a bound whatever the report's: what is left out is said where it is missing.
 */
#ifndef OOPSBT_PLUGIN_HTML_REPORT_H
#define OOPSBT_PLUGIN_HTML_REPORT_H

#include <json-glib/json-glib.h>

/* @report: report.json. g_string_free(). */
GString *html_report(JsonObject *report);

#endif
