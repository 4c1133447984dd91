/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes markup, element by element. All text of a page is sanitised as for a terminal
 * (common/sanitize.h) and escaped here, so that none of it becomes markup. Names of elements,
 * attributes and classes are constants of this program. Does not support void elements ("input");
 * only the template has these.
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
/* Attributes of the element that was just opened. */
void html_attribute(struct html *html, const char *name, const char *value);
void html_attribute_number(struct html *html, const char *name, double value);
/* Closes the innermost element. */
void html_close(struct html *html);

/* @text NULL: writes nothing. */
void html_text(struct html *html, const char *text);
void html_textf(struct html *html, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* An element that contains only text. */
void html_element(struct html *html, const char *element, const char *class, const char *text);
void html_elementf(struct html *html, const char *element, const char *class, const char *format,
		   ...) G_GNUC_PRINTF(4, 5);

/* The markup so far; open elements are not closed. */
const char *html_string(const struct html *html);
size_t html_length(const struct html *html);

#endif
