/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dumps of a store as one self-contained page: what happened when, by domain and by bug. It
 * says what it omits.
 */
#ifndef OOPSBT_PLUGIN_HTML_STORE_H
#define OOPSBT_PLUGIN_HTML_STORE_H

#include <glib.h>

/* @entries: of struct store_entry *, oldest first. g_string_free(). */
GString *html_store(const GPtrArray *entries);

#endif
