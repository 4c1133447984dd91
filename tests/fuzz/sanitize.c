// SPDX-License-Identifier: GPL-2.0-or-later
/* Text of a guest: sanitized text is clean, and clean text without a backslash is not changed. */
#include <string.h>

#include "common/sanitize.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const char *given = (const char *)bytes;
	g_autofree char *line = sanitize_line(given, (gssize)length);
	g_autoptr(GString) text = g_string_new(NULL);

	sanitize_append(text, given, (gssize)length, true);
	g_assert_true(text_is_clean(line, strlen(line)));
	g_assert_null(strchr(line, '\n'));
	g_assert_true(text_is_clean(text->str, text->len));
	if (text_is_clean(given, length) && !memchr(given, '\\', length)) {
		g_assert_cmpuint(text->len, ==, length);
		g_assert_true(!length || !memcmp(text->str, given, length));
	}
	return 0;
}
