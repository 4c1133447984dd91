// SPDX-License-Identifier: GPL-2.0-or-later
/* The output of an analyser that the daemon stores: a text, a report.json or a core. */
#include "common/sanitize.h"
#include "daemon/output.h"
#include "fuzz.h"

#define MAX_BYTES (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct report_collection collection = {
		.domain_name = (char *)"domain",
		.domain_uuid = (char *)"f9d1b3a2-5a3e-4a6e-9f3b-0c9a8f2d7e11",
	};
	struct summary summary = {0};
	int fd = fuzz_file(bytes, length);
	GError *error = NULL;
	bool good = output_check_text(fd, "report.txt", MAX_BYTES, true, &error);

	fuzz_check_result(good, error);
	if (good)
		g_assert_true(text_is_clean((const char *)bytes, length));
	error = NULL;
	good = output_check_json(fd, MAX_BYTES, &collection, &summary, &error);
	fuzz_check_result(good, error);
	summary_clear(&summary);
	error = NULL;
	good = output_check_core(fd, MAX_BYTES, &error);
	fuzz_check_result(good, error);
	return 0;
}
