/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several parts of the page have: sections, rows of facts, notes, boxes of a drawing. */
#ifndef OOPSBT_PLUGIN_HTML_PARTS_H
#define OOPSBT_PLUGIN_HTML_PARTS_H

#include "html_writer.h"

/* html_close() ends it. */
void html_section(struct html *html, const char *id, const char *heading);

/* Rows of a table with two columns, within "table". Without @value there is no row. */
void html_fact(struct html *html, const char *name, const char *value);

/* What the page does not show, and why. */
void html_note(struct html *html, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* As preformatted text, at most @max_bytes of it, whole lines; a note says what is cut. */
void html_preformatted(struct html *html, const char *class, const char *text, size_t max_bytes);

/* A drawing, @width by @height units, that a reader without eyes is told of by @label. */
void html_drawing(struct html *html, const char *class, double width, double height,
		  const char *label);
void html_rectangle(struct html *html, const char *class, double x, double y, double width,
		    double height);
void html_line(struct html *html, const char *class, double x1, double y1, double x2, double y2);
/* @class "end": the text ends at @x; "middle": @x is its middle. */
void html_label(struct html *html, const char *class, double x, double y, const char *text);

/* As much of @text as @width units hold, g_free(). Empty where it would say nothing. */
char *html_clip(const char *text, double width);
/* How wide @text is drawn. */
double html_text_width(const char *text);

/* "1.234 ms", "12.345 s". g_free(). */
char *html_duration(gint64 ns);
/* The same without a sign; at most some 292 years. */
char *html_duration_us(gint64 us);

#endif
