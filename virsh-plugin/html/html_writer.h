/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Markup, one element after the other. All text of a page goes through here: it is cleaned as for a
 * terminal (common/sanitize.h) and escaped, so that none of it can be read as markup. The names of
 * elements, attributes and classes are this program's own. Elements without content ("input") are
 * not known here: the template has those.
 */
#ifndef OOPSBT_PLUGIN_HTML_WRITER_H
#define OOPSBT_PLUGIN_HTML_WRITER_H

#include <glib.h>

struct html;
struct html *html_new(void);
void html_free(struct html *html);
typedef struct html Html;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Html, html_free)

/* Begins an element. @class may be NULL. */
void html_open(struct html *html, const char *element, const char *class);
/* Attributes of the element that was just begun. */
void html_attribute(struct html *html, const char *name, const char *value);
void html_attribute_number(struct html *html, const char *name, double value);
/* Ends the innermost element. */
void html_close(struct html *html);

/* @text NULL: none. */
void html_text(struct html *html, const char *text);
void html_textf(struct html *html, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* An element with only text in it. */
void html_element(struct html *html, const char *element, const char *class, const char *text);
void html_elementf(struct html *html, const char *element, const char *class, const char *format,
		   ...) G_GNUC_PRINTF(4, 5);

/* What was written so far; with what is open still open. */
const char *html_string(const struct html *html);
size_t html_length(const struct html *html);

#endif
