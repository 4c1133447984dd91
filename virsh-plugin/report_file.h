/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits on a dump's files, and the parser of report.json. */
#ifndef OOPSBT_PLUGIN_REPORT_FILE_H
#define OOPSBT_PLUGIN_REPORT_FILE_H

#include <json-glib/json-glib.h>

/* A report of 4096 vCPUs with deep stacks has tens of megabytes. */
#define REPORT_MAX_BYTES ((size_t)256 << 20)

/* json_object_unref(). */
JsonObject *report_parse(const char *text, size_t length, GError **error);

/* The version of the report's format that this program knows: host-tool/report.md. */
#define REPORT_SCHEMA 1

/* The version of the report; 0: none. */
gint64 report_schema(JsonObject *report);

#endif
