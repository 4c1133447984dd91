// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The <oopsbt> element of a domain: accepted options are the same after they are written and read
 * again.
 */
#include <string.h>

#include "common/options.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	g_autofree char *xml = fuzz_text(bytes, length);
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	struct options options, again;
	g_autofree char *written = NULL, *written_again = NULL;
	GError *error = NULL;
	bool good;

	options_init(&options);
	good = options_from_xml(xml, &options, warnings, &error);
	fuzz_check_result(good, error);
	if (!good)
		return 0;
	written = options_to_xml(&options);
	options_init(&again);
	g_assert_true(options_from_xml(written, &again, warnings, NULL));
	written_again = options_to_xml(&again);
	g_assert_cmpstr(written, ==, written_again);
	return 0;
}
