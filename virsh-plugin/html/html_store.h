/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dumps that there are as one page: what happened when, by domain and by bug. Like the page of
 * a report it needs nothing else, and says what it leaves out of many.
 */
#ifndef OOPSBT_PLUGIN_HTML_STORE_H
#define OOPSBT_PLUGIN_HTML_STORE_H

#include <glib.h>

/* @entries: of struct store_entry *, oldest first. g_string_free(). */
GString *html_store(const GPtrArray *entries);

#endif
