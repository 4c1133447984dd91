// SPDX-License-Identifier: GPL-2.0-or-later
/* The HTML page of an exported report.json: text of the report never becomes markup. */
#include <string.h>

#include "../../virsh-plugin/cli.h"
#include "../../virsh-plugin/html/html_report.h"
#include "../../virsh-plugin/report_file.h"
#include "fuzz.h"

/* cli.c needs a table of verbs. */
const struct verb *const cli_verbs[] = {NULL};

/* These elements are in the template and never in the generated parts of the page. */
static void check_once(const char *page, const char *markup)
{
	const char *first = strstr(page, markup);

	g_assert_nonnull(first);
	g_assert_null(strstr(first + 1, markup));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	GError *error = NULL;
	g_autofree char *text = fuzz_text(bytes, length);
	JsonObject *report = report_parse(text, strlen(text), &error);
	GString *page;

	fuzz_check_result(report != NULL, error);
	if (!report)
		return 0;
	page = html_report(report);
	g_assert_true(g_utf8_validate(page->str, (gssize)page->len, NULL));
	check_once(page->str, "<script");
	check_once(page->str, "</main>");
	g_assert_null(strstr(page->str, "<img"));
	g_string_free(page, TRUE);
	json_object_unref(report);
	return 0;
}
