/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "html_writer.h"

#include <stdbool.h>
#include <string.h>

#include "common/sanitize.h"

/* The maximum bytes of one text; only a forged report has longer ones. */
#define MAX_TEXT ((size_t)128 << 10)

struct html {
	GString *markup;
	GPtrArray *open; /* names of elements, the innermost last */
	bool in_tag;	 /* the last start tag still accepts attributes */
};

struct html *html_new(void)
{
	struct html *html = g_new0(struct html, 1);

	html->markup = g_string_new(NULL);
	html->open = g_ptr_array_new();
	return html;
}

void html_free(struct html *html)
{
	if (!html)
		return;
	g_string_free(html->markup, TRUE);
	g_ptr_array_unref(html->open);
	g_free(html);
}

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* NULL: @text is clean and short enough. */
static char *clean(const char *text)
{
	size_t length = strnlen(text, MAX_TEXT + 1);
	GString *cleaned;

	if (length <= MAX_TEXT && text_is_clean(text, length))
		return NULL;
	cleaned = g_string_new(NULL);
	if (length <= MAX_TEXT) {
		sanitize_append(cleaned, text, (gssize)length, true);
	} else {
		sanitize_append(cleaned, text, (gssize)MAX_TEXT, true);
		g_string_append(cleaned, " (cut)");
	}
	return g_string_free(cleaned, FALSE);
}

/* Quotes end an attribute; in text they are ordinary. */
static void append_escaped(GString *markup, const char *text, bool is_attribute)
{
	const char *special = is_attribute ? "&<>\"'" : "&<>";
	g_autofree char *cleaned = clean(text);

	if (cleaned)
		text = cleaned;
	while (*text) {
		size_t plain = strcspn(text, special);

		g_string_append_len(markup, text, (gssize)plain);
		text += plain;
		if (*text)
			g_string_append(markup, entity(*text++));
	}
}

static void end_tag(struct html *html)
{
	if (html->in_tag)
		g_string_append_c(html->markup, '>');
	html->in_tag = false;
}

void html_open(struct html *html, const char *element, const char *class)
{
	end_tag(html);
	g_string_append_c(html->markup, '<');
	g_string_append(html->markup, element);
	g_ptr_array_add(html->open, (void *)element);
	html->in_tag = true;
	if (class)
		html_attribute(html, "class", class);
}

void html_attribute(struct html *html, const char *name, const char *value)
{
	g_return_if_fail(html->in_tag);
	g_string_append_c(html->markup, ' ');
	g_string_append(html->markup, name);
	g_string_append(html->markup, "=\"");
	append_escaped(html->markup, value, true);
	g_string_append_c(html->markup, '"');
}

/* With a decimal point in any locale, and without trailing zeros. */
void html_attribute_number(struct html *html, const char *name, double value)
{
	char number[G_ASCII_DTOSTR_BUF_SIZE];

	g_ascii_formatd(number, sizeof(number), "%.1f", value);
	if (g_str_has_suffix(number, ".0"))
		number[strlen(number) - 2] = '\0';
	html_attribute(html, name, number);
}

void html_close(struct html *html)
{
	g_return_if_fail(html->open->len > 0);
	end_tag(html);
	g_string_append(html->markup, "</");
	g_string_append(html->markup, html->open->pdata[html->open->len - 1]);
	g_string_append_c(html->markup, '>');
	g_ptr_array_set_size(html->open, (int)html->open->len - 1);
}

void html_text(struct html *html, const char *text)
{
	end_tag(html);
	if (text)
		append_escaped(html->markup, text, false);
}

void html_textf(struct html *html, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	html_text(html, text);
}

void html_element(struct html *html, const char *element, const char *class, const char *text)
{
	html_open(html, element, class);
	html_text(html, text);
	html_close(html);
}

void html_elementf(struct html *html, const char *element, const char *class, const char *format,
		   ...)
{
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	html_element(html, element, class, text);
}

const char *html_string(const struct html *html)
{
	return html->markup->str;
}

size_t html_length(const struct html *html)
{
	return html->markup->len;
}
