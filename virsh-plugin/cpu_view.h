/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One CPU of a report, from report.json, in the format of report.txt. */
#ifndef OOPSBT_PLUGIN_CPU_VIEW_H
#define OOPSBT_PLUGIN_CPU_VIEW_H

#include <json-glib/json-glib.h>
#include <stdbool.h>

/*
 * The CPU with Linux number @cpu or, if Linux numbers are unknown, QEMU's number. NULL if there is
 * none; @error then lists the CPUs. g_string_free().
 */
GString *cpu_view(JsonObject *report, guint64 cpu, GError **error);

/* The same for @vcpu of a report. */
void cpu_append(GString *text, JsonObject *vcpu);

#endif
