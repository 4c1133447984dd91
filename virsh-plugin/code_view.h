/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The code at a report's fault in the format of report.txt, with source lines if the report has
 * them.
 */
#ifndef OOPSBT_PLUGIN_CODE_VIEW_H
#define OOPSBT_PLUGIN_CODE_VIEW_H

#include <json-glib/json-glib.h>

/* NULL, with the reason in @error, if the report has no code. g_string_free(). */
GString *code_view(JsonObject *report, GError **error);

/* One line of it. */
void code_append_instruction(GString *text, JsonObject *instruction);

#endif
