/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame of a page: the template page.html with style.css and script.js. Its
 * Content-Security-Policy names these two by their hashes and allows nothing else: no other script
 * or style, nothing from the network.
 */
#ifndef OOPSBT_PLUGIN_HTML_PAGE_H
#define OOPSBT_PLUGIN_HTML_PAGE_H

#include "html_writer.h"

/* The page with @body in it. g_string_free(). */
GString *html_page(const char *title, const struct html *body);

#endif
