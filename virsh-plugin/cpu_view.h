/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One CPU of a report, from report.json, in the words of report.txt. */
#ifndef OOPSBT_PLUGIN_CPU_VIEW_H
#define OOPSBT_PLUGIN_CPU_VIEW_H

#include <json-glib/json-glib.h>
#include <stdbool.h>

/*
 * The CPU with Linux's number @cpu or, where that is not known, QEMU's. NULL, and the numbers there
 * are in @error, if there is none. g_string_free().
 */
GString *cpu_view(JsonObject *report, guint64 cpu, GError **error);

/* The same of @vcpu, one of the report's. */
void cpu_append(GString *text, JsonObject *vcpu);

#endif
