/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A report as text for a bug report to kernel developers: the kernel, its log, every CPU's
 * backtrace, and the blocked tasks. Contains nothing about the host, no path, and neither name nor
 * UUID of the domain.
 */
#ifndef OOPSBT_PLUGIN_MAIL_H
#define OOPSBT_PLUGIN_MAIL_H

#include <json-glib/json-glib.h>

/* @report: report.json. g_string_free(). */
GString *mail_text(JsonObject *report);

#endif
