/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "common/context.h"
#include "common/json.h"

static void fill(struct job *job)
{
	static const struct guest_extent extents[] = {
		{{0}, 0xa0000, 0x7f0000000000},
		{{0x100000000}, 0x140000000, 0x7f00c0000000},
	};

	*job = (struct job){
		.kind = JOB_COLLECT,
		.relay = true,
		.extents = g_array_new(FALSE, FALSE, sizeof(struct guest_extent)),
		.map = g_bytes_new("\0map\377", 5),
		.log_settle_ms = 250,
		.collection =
			{
				.id = g_strdup("20261122T214501Z-1"),
				.domain_name = g_strdup("wéb \"1\""),
				.signal = g_strdup("crashloaded"),
				.signalled = g_strdup("2026-11-22T21:45:01.123456Z"),
				.freeze_us = {true, 1234},
				.phase = g_strdup("ended"),
				.suppressed = {1, 2, 3, 4, 5},
				.waiting = 6,
				.deferred = true,
				.unwatched = true,
				.memory_source = g_strdup("libvirt"),
				.errors = report_errors_new(),
			},
	};
	g_array_append_vals(job->extents, extents, G_N_ELEMENTS(extents));
	g_ptr_array_add(job->collection.errors, report_error_new("timeline.thawed", "no answer"));
}

static void test_round_trip(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *json = NULL;
	struct job job, read = {0};

	fill(&job);
	json = job_to_json(&job);
	g_assert_true(job_from_json(json, strlen(json), &read, &error));
	g_assert_no_error(error);
	g_assert_cmpint(read.kind, ==, JOB_COLLECT);
	g_assert_true(read.relay);
	g_assert_cmpmem(read.extents->data, read.extents->len * sizeof(struct guest_extent),
			job.extents->data, job.extents->len * sizeof(struct guest_extent));
	g_assert_true(g_bytes_equal(read.map, job.map));
	g_assert_cmpuint(read.log_settle_ms, ==, 250);
	g_assert_cmpstr(read.collection.domain_name, ==, "wéb \"1\"");
	g_assert_cmpstr(read.collection.signalled, ==, "2026-11-22T21:45:01.123456Z");
	g_assert_null(read.collection.frozen);
	g_assert_true(read.collection.freeze_us.known);
	g_assert_cmpint(read.collection.freeze_us.value, ==, 1234);
	g_assert_cmpstr(read.collection.phase, ==, "ended");
	g_assert_cmpmem(&read.collection.suppressed, sizeof(read.collection.suppressed),
			&job.collection.suppressed, sizeof(job.collection.suppressed));
	g_assert_cmpuint(read.collection.waiting, ==, 6);
	g_assert_true(read.collection.deferred);
	g_assert_true(read.collection.unwatched);
	g_assert_cmpuint(read.collection.errors->len, ==, 1);
	g_assert_cmpstr(((struct report_error *)read.collection.errors->pdata[0])->message, ==,
			"no answer");
	job_clear(&job);
	job_clear(&read);
}

static void test_collection_alone(void)
{
	struct report_collection read = {0};
	g_autofree char *json = NULL;
	struct job job;

	fill(&job);
	json = collection_to_json(&job.collection);
	g_assert_true(collection_from_json(json, strlen(json), &read, NULL));
	g_assert_cmpstr(read.id, ==, "20261122T214501Z-1");
	report_collection_clear(&read);
	job_clear(&job);
}

static void test_bad_jobs_name_the_member(void)
{
	static const struct {
		const char *json, *message;
	} cases[] = {
		{"", "is empty"},
		{"[]", "not an object"},
		{"{\"kind\":\"collect\"", "not JSON"},
		{"{\"kind\":\"\377\"}", "not valid UTF-8"},
		{"{\"a\":[[[[[[[[[[1]]]]]]]]]]}", "nested too deep"},
		{"{}", "\"kind\""},
		{"{\"kind\":\"other\"}", "\"kind\""},
		{"{\"kind\":7}", "\"kind\""},
		{"{\"kind\":\"map\"}", "\"memory\""},
		{"{\"kind\":\"map\",\"memory\":\"proc\",\"extents\":{}}", "\"extents\""},
		{"{\"kind\":\"map\",\"memory\":\"proc\",\"extents\":[1]}", "\"extents[]\""},
		{"{\"kind\":\"map\",\"memory\":\"proc\",\"extents\":[{\"start\":-1}]}",
		 "\"start\""},
		{"{\"kind\":\"map\",\"memory\":\"proc\",\"extents\":[{\"start\":1.5}]}",
		 "\"start\""},
		{"{\"kind\":\"map\",\"memory\":\"proc\",\"extents\":[],\"map\":[]}", "\"map\""},
		{"{\"kind\":\"map\",\"memory\":\"proc\",\"extents\":[]}", "\"log_settle_ms\""},
		{"{\"kind\":\"map\",\"memory\":\"proc\",\"extents\":[],\"log_settle_ms\":0}",
		 "\"collection\""},
		{"{\"kind\":\"map\",\"memory\":\"proc\",\"extents\":[],\"log_settle_ms\":0,"
		 "\"collection\":{\"id\":[]}}",
		 "\"id\""},
		{"{\"kind\":\"map\",\"memory\":\"proc\",\"extents\":[],\"log_settle_ms\":0,"
		 "\"collection\":{\"freeze_us\":\"x\"}}",
		 "\"freeze_us\""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		struct job job = {0};

		g_assert_false(job_from_json(cases[i].json, strlen(cases[i].json), &job, &error));
		g_assert_nonnull(error);
		if (strstr(error->message, cases[i].message) == NULL)
			g_error("%s gave \"%s\"", cases[i].json, error->message);
		g_assert_null(job.extents);
		g_assert_null(job.collection.errors);
	}
}

static void test_deep_nesting_in_strings_is_none(void)
{
	static const char json[] = "{\"a\":\"[[[[[[[[[[[[[[[\\\"[[\", \"b\":[]}";
	g_autoptr(GError) error = NULL;
	JsonObject *object = untrusted_json_parse(json, strlen(json), 2, &error);

	g_assert_no_error(error);
	json_object_unref(object);
}

static void test_mutated(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(4);
	g_autofree char *json = NULL;
	struct job job;
	size_t length;

	fill(&job);
	json = job_to_json(&job);
	length = strlen(json);
	job_clear(&job);
	for (unsigned int round = 0; round < 5000; round++) {
		g_autofree char *bad = g_strdup(json);
		struct job read = {0};

		for (int i = g_rand_int_range(random, 1, 4); i > 0; i--)
			bad[g_rand_int_range(random, 0, (gint32)length)] =
				"[]{}\",:0-\\u\xff"[g_rand_int_range(random, 0, 12)];
		if (job_from_json(bad, length, &read, NULL))
			job_clear(&read);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/context/round-trip", test_round_trip);
	g_test_add_func("/context/collection-alone", test_collection_alone);
	g_test_add_func("/context/bad-jobs-name-the-member", test_bad_jobs_name_the_member);
	g_test_add_func("/context/deep-nesting-in-strings-is-none",
			test_deep_nesting_in_strings_is_none);
	g_test_add_func("/context/mutated", test_mutated);
	return g_test_run();
}
