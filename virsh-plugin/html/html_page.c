/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "html_page.h"

#include <gio/gio.h>
#include <string.h>

/* A compiled-in part of the page: always exists. */
static char *resource(const char *name)
{
	g_autofree char *path = g_strconcat("/oopsbt/html/", name, NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes =
		g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, &error);
	const char *data;
	gsize length;

	g_assert_no_error(error);
	data = g_bytes_get_data(bytes, &length);
	return g_strndup(data, length);
}

/* The name of an inline script or style in a policy. */
static char *hash_source(const char *text)
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	g_autofree char *base64 = NULL;
	guint8 digest[32];
	gsize length = sizeof(digest);

	g_checksum_update(checksum, (const guchar *)text, -1);
	g_checksum_get_digest(checksum, digest, &length);
	base64 = g_base64_encode(digest, length);
	return g_strdup_printf("'sha256-%s'", base64);
}

static char *policy(const char *style, const char *script)
{
	g_autofree char *style_hash = hash_source(style);
	g_autofree char *script_hash = hash_source(script);

	return g_strdup_printf("default-src 'none'; style-src %s; script-src %s; "
			       "base-uri 'none'; form-action 'none'",
			       style_hash, script_hash);
}

static char *escaped(const char *text)
{
	g_autoptr(Html) html = html_new();

	html_text(html, text);
	return g_strdup(html_string(html));
}

struct part {
	const char *name; /* @name@ in the template */
	const char *markup;
};

static const struct part *find_part(const struct part *parts, size_t num, const char *at)
{
	for (size_t i = 0; i < num; i++) {
		size_t length = strlen(parts[i].name);

		if (strncmp(at + 1, parts[i].name, length) == 0 && at[length + 1] == '@')
			return &parts[i];
	}
	return NULL;
}

/* Fills the template in one pass, so inserted text is not searched again. */
static GString *fill(const char *template, const struct part *parts, size_t num)
{
	GString *page = g_string_new(NULL);

	while (*template) {
		const struct part *part = *template == '@' ? find_part(parts, num, template) : NULL;
		size_t plain = 1;

		if (part) {
			g_string_append(page, part->markup);
			plain = strlen(part->name) + 2;
		} else {
			plain += strcspn(template + 1, "@");
			g_string_append_len(page, template, (gssize)plain);
		}
		template += plain;
	}
	return page;
}

GString *html_page(const char *title, const struct html *body)
{
	g_autofree char *template = resource("page.html");
	g_autofree char *style = resource("style.css");
	g_autofree char *script = resource("script.js");
	g_autofree char *csp = policy(style, script);
	g_autofree char *name = escaped(title);
	const struct part parts[] = {
		{"policy", csp},
		{"title", name},
		{"style", style},
		{"script", script},
		{"body", html_string(body)},
	};

	return fill(template, parts, G_N_ELEMENTS(parts));
}
