// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The JSON of a JOB and of a collection: accepted JSON is the same after it is written and read
 * again.
 */
#include <string.h>

#include "common/context.h"
#include "fuzz.h"

static void try_job(const char *json, size_t length)
{
	struct job job = {0}, again = {0};
	g_autofree char *written = NULL, *written_again = NULL;
	GError *error = NULL;
	bool good = job_from_json(json, length, &job, &error);

	fuzz_check_result(good, error);
	if (!good)
		return;
	written = job_to_json(&job);
	g_assert_true(job_from_json(written, strlen(written), &again, NULL));
	written_again = job_to_json(&again);
	g_assert_cmpstr(written, ==, written_again);
	job_clear(&job);
	job_clear(&again);
}

static void try_collection(const char *json, size_t length)
{
	struct report_collection collection = {0}, again = {0};
	g_autofree char *written = NULL, *written_again = NULL;
	GError *error = NULL;
	bool good = collection_from_json(json, length, &collection, &error);

	fuzz_check_result(good, error);
	if (!good)
		return;
	written = collection_to_json(&collection);
	g_assert_true(collection_from_json(written, strlen(written), &again, NULL));
	written_again = collection_to_json(&again);
	g_assert_cmpstr(written, ==, written_again);
	report_collection_clear(&collection);
	report_collection_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	try_job((const char *)bytes, length);
	try_collection((const char *)bytes, length);
	return 0;
}
