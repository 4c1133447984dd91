/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "html_parts.h"

#include <string.h>

/* The drawings' font has a fixed width (style.css). */
#define LETTER_WIDTH 7.1
#define NS_PER_MS 1000000
#define MS_PER_S 1000

void html_section(struct html *html, const char *id, const char *heading)
{
	html_open(html, "section", NULL);
	html_attribute(html, "id", id);
	html_element(html, "h2", NULL, heading);
}

void html_fact(struct html *html, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	html_open(html, "tr", NULL);
	html_element(html, "th", NULL, name);
	html_element(html, "td", NULL, value);
	html_close(html);
}

void html_note(struct html *html, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	html_element(html, "p", "note", text);
}

void html_preformatted(struct html *html, const char *class, const char *text, size_t max_bytes)
{
	size_t length = strlen(text);
	size_t shown = MIN(length, max_bytes);
	g_autofree char *part = NULL;

	while (shown < length && shown > 0 && text[shown - 1] != '\n')
		shown--;
	part = g_strndup(text, shown);
	html_element(html, "pre", class, part);
	if (shown < length)
		html_note(html, "%zu of %zu bytes are shown; report.json has all of it.", shown,
			  length);
}

void html_drawing(struct html *html, const char *class, double width, double height,
		  const char *label)
{
	char box[64];

	g_snprintf(box, sizeof(box), "0 0 %d %d", (int)width, (int)height);
	html_open(html, "svg", class);
	html_attribute(html, "viewBox", box);
	html_attribute_number(html, "width", width);
	html_attribute_number(html, "height", height);
	html_attribute(html, "role", "img");
	html_attribute(html, "aria-label", label);
}

void html_rectangle(struct html *html, const char *class, double x, double y, double width,
		    double height)
{
	html_open(html, "rect", class);
	html_attribute_number(html, "x", x);
	html_attribute_number(html, "y", y);
	html_attribute_number(html, "width", width);
	html_attribute_number(html, "height", height);
	html_close(html);
}

void html_line(struct html *html, const char *class, double x1, double y1, double x2, double y2)
{
	html_open(html, "line", class);
	html_attribute_number(html, "x1", x1);
	html_attribute_number(html, "y1", y1);
	html_attribute_number(html, "x2", x2);
	html_attribute_number(html, "y2", y2);
	html_close(html);
}

void html_label(struct html *html, const char *class, double x, double y, const char *text)
{
	html_open(html, "text", class);
	html_attribute_number(html, "x", x);
	html_attribute_number(html, "y", y);
	html_text(html, text);
	html_close(html);
}

char *html_clip(const char *text, double width)
{
	glong length = g_utf8_strlen(text, -1);
	glong room = (glong)(width / LETTER_WIDTH);
	g_autofree char *start = NULL;

	if (length <= room)
		return g_strdup(text);
	if (room < 3)
		return g_strdup("");
	start = g_utf8_substring(text, 0, room - 1);
	return g_strconcat(start, "…", NULL);
}

double html_text_width(const char *text)
{
	return (double)g_utf8_strlen(text, -1) * LETTER_WIDTH;
}

char *html_duration(gint64 ns)
{
	gint64 ms = ns / NS_PER_MS;

	if (ms >= MS_PER_S)
		return g_strdup_printf("%" G_GINT64_FORMAT ".%03" G_GINT64_FORMAT " s",
				       ms / MS_PER_S, ms % MS_PER_S);
	return g_strdup_printf("%" G_GINT64_FORMAT ".%03" G_GINT64_FORMAT " ms", ms,
			       ns % NS_PER_MS / 1000);
}

char *html_duration_us(gint64 us)
{
	gint64 most = G_MAXINT64 / 1000;
	gint64 bounded = CLAMP(us, -most, most);

	return html_duration(ABS(bounded) * 1000);
}
