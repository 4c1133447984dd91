// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads a few members of a report.json without a full parse. */
#include "common/json_head.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const char *const paths[] = {"title",	    "schema",		"signal",
					    "domain.uuid",  "guest.release",	"timeline.stored",
					    "oops.address", "collector.memory", NULL};
	char *values[G_N_ELEMENTS(paths) - 1];
	bool good = json_head_strings((const char *)bytes, length, paths, values);

	for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
		g_assert_true(good || !values[i]);
		g_free(values[i]);
	}
	return 0;
}
