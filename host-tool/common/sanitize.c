/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/sanitize.h"

#include <string.h>

/* Decodes the character at @bytes and its length; false: invalid UTF-8. */
static bool decode(const char *bytes, size_t available, gunichar *character, size_t *length)
{
	gunichar c = g_utf8_get_char_validated(bytes, (gssize)MIN(available, 4));

	if (c == (gunichar)-1 || c == (gunichar)-2)
		return false;
	*character = c;
	*length = (size_t)g_unichar_to_utf8(c, NULL);
	return true;
}

static bool is_clean(gunichar c)
{
	if (c == '\t' || c == '\n')
		return true;
	if ((c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef))
		return false;
	switch (g_unichar_type(c)) {
	case G_UNICODE_CONTROL:
	case G_UNICODE_FORMAT: /* zero width, bidi, tags, byte order mark */
	case G_UNICODE_LINE_SEPARATOR:
	case G_UNICODE_PARAGRAPH_SEPARATOR:
	case G_UNICODE_SURROGATE:
	case G_UNICODE_PRIVATE_USE:
	case G_UNICODE_UNASSIGNED:
		return false;
	default:
		return true;
	}
}

/* Ensures that \x1b in the output always means the byte 0x1b. */
static bool looks_like_escape(const char *bytes, size_t available)
{
	return available >= 4 && bytes[0] == '\\' && bytes[1] == 'x' &&
	       g_ascii_isxdigit(bytes[2]) && g_ascii_isxdigit(bytes[3]);
}

/* The length of printable ASCII at @bytes. Most text is; it needs no decoding. */
static size_t plain_run(const char *bytes, size_t available)
{
	size_t i = 0;

	while (i < available && bytes[i] >= ' ' && bytes[i] <= '~' && bytes[i] != '\\')
		i++;
	return i;
}

void sanitize_append(GString *text, const char *bytes, gssize length, bool keep_newlines)
{
	size_t end = length < 0 ? strlen(bytes) : (size_t)length;
	size_t i = 0;

	while (i < end) {
		size_t plain = plain_run(bytes + i, end - i);
		gunichar character = 0;
		size_t char_length = 1;
		bool clean;

		if (plain > 0) {
			g_string_append_len(text, bytes + i, (gssize)plain);
			i += plain;
			continue;
		}
		clean = decode(bytes + i, end - i, &character, &char_length) &&
			is_clean(character) && !looks_like_escape(bytes + i, end - i);

		if (character == '\n' && !keep_newlines)
			clean = false;
		if (clean) {
			g_string_append_len(text, bytes + i, (gssize)char_length);
		} else {
			for (size_t j = 0; j < char_length; j++)
				g_string_append_printf(text, "\\x%02x", (guint8)bytes[i + j]);
		}
		i += char_length;
	}
}

char *sanitize_line(const char *bytes, gssize length)
{
	GString *text;

	if (bytes == NULL)
		return NULL;
	text = g_string_new(NULL);
	sanitize_append(text, bytes, length, false);
	return g_string_free(text, FALSE);
}

bool text_is_clean(const char *text, size_t length)
{
	size_t i = 0;

	while (i < length) {
		gunichar character;
		size_t char_length;

		i += plain_run(text + i, length - i);
		if (i == length)
			break;
		if (!decode(text + i, length - i, &character, &char_length) || !is_clean(character))
			return false;
		i += char_length;
	}
	return true;
}
