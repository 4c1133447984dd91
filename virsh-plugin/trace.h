/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A backtrace of report.json, in the words of report.txt. */
#ifndef OOPSBT_PLUGIN_TRACE_H
#define OOPSBT_PLUGIN_TRACE_H

#include <json-glib/json-glib.h>

/* Those of @regs that are there, three in a line. */
void trace_append_registers(GString *text, const char *indent, JsonObject *regs);

/* @frames: may be NULL. */
void trace_append(GString *text, JsonArray *frames);

#endif
