/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/fingerprint.h"

#include <glib.h>

/* Numbers in a title are sizes, devices or exit codes. They vary and do not identify the bug. */
static void append_without_numbers(GString *text, const char *title)
{
	for (const char *at = title; *at;) {
		if (!g_ascii_isdigit(*at)) {
			g_string_append_c(text, *at++);
			continue;
		}
		g_string_append_c(text, '0');
		at += at[0] == '0' && at[1] == 'x' ? 2 : 1;
		while (g_ascii_isxdigit(*at))
			at++;
	}
}

char *fingerprint_make(const char *kind, const struct blame *culprit, const char *title)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *sum = NULL;

	g_string_append_printf(text, "%d\n%s\n", FINGERPRINT_RULES, kind);
	for (unsigned int i = 0; i < BLAME_FUNCTIONS && culprit->functions[i]; i++)
		g_string_append_printf(text, "%s\n", culprit->functions[i]);
	if (!blame_is_known(culprit))
		append_without_numbers(text, title);
	sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text->str, (gssize)text->len);
	return g_strndup(sum, FINGERPRINT_LENGTH);
}
