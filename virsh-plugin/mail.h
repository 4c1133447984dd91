/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A report as it goes into a bug report to kernel developers: what the kernel is, what it printed,
 * where every CPU was, and the blocked tasks. Nothing of the host: not its name, no path, and not
 * the domain's name or UUID.
 */
#ifndef OOPSBT_PLUGIN_MAIL_H
#define OOPSBT_PLUGIN_MAIL_H

#include <json-glib/json-glib.h>

/* @report: report.json. g_string_free(). */
GString *mail_text(JsonObject *report);

#endif
