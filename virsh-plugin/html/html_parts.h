/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elements used by several parts of the page: sections, rows of facts, notes, drawings. */
#ifndef OOPSBT_PLUGIN_HTML_PARTS_H
#define OOPSBT_PLUGIN_HTML_PARTS_H

#include "html_writer.h"

/* End it with html_close(). */
void html_section(struct html *html, const char *id, const char *heading);

/* A row of a two-column table, in "table". No row if @value is NULL. */
void html_fact(struct html *html, const char *name, const char *value);

/* Says what the page omits, and why. */
void html_note(struct html *html, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Preformatted text, at most @max_bytes in whole lines; a note says what is omitted. */
void html_preformatted(struct html *html, const char *class, const char *text, size_t max_bytes);

/* A drawing of @width by @height units; @label describes it to screen readers. */
void html_drawing(struct html *html, const char *class, double width, double height,
		  const char *label);
void html_rectangle(struct html *html, const char *class, double x, double y, double width,
		    double height);
void html_line(struct html *html, const char *class, double x1, double y1, double x2, double y2);
/* @class "end": the text ends at @x; "middle": it is centred at @x. */
void html_label(struct html *html, const char *class, double x, double y, const char *text);

/* The part of @text that fits into @width units, g_free(). Empty if too little would remain. */
char *html_clip(const char *text, double width);
/* The width of @text in a drawing. */
double html_text_width(const char *text);

/* "1.234 ms", "12.345 s". g_free(). */
char *html_duration(gint64 ns);
/* The same without a sign; at most about 292 years. */
char *html_duration_us(gint64 us);

#endif
