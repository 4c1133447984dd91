/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conclusions of an analysis, from a report that the test fills in. */
#include "analyze/analysis.h"
#include "analyze/log.h"

#include <string.h>

#include "common/context.h"

/* A guest with one vCPU and this @json of the collector. */
static void init(struct analysis *analysis, const char *json)
{
	struct report_vcpu vcpu = {.frames = frames_new()};
	struct report_collection collection = {0};
	g_autoptr(GError) error = NULL;

	analysis_init(analysis, snapshot_new(NULL, 1), NULL, false);
	g_array_append_val(analysis->report->vcpus, vcpu);
	g_assert_true(collection_from_json(json, strlen(json), &collection, &error));
	g_assert_no_error(error);
	analysis_set_collection(analysis, &collection);
}

static void assert_consistency(const char *json, const char *expected)
{
	struct analysis analysis;

	init(&analysis, json);
	analysis_judge_consistency(&analysis);
	g_assert_cmpstr(g_array_index(analysis.report->vcpus, struct report_vcpu, 0).consistency,
			==, expected);
	analysis_clear(&analysis);
}

#define FROZEN "{\"collection\": {\"frozen\": \"2026-11-22T21:45:01.123456Z\", "

static void test_not_frozen(void)
{
	assert_consistency("{\"collection\": {\"errors\": []}}", "running");
}

static void test_frozen(void)
{
	assert_consistency(FROZEN "\"thawed_early\": false, \"errors\": []}}", "frozen");
}

static void test_thawed_early(void)
{
	assert_consistency(FROZEN "\"thawed_early\": true, \"errors\": []}}", "late");
}

/* An error is not a state: the name of its field has no effect on the state. */
static void test_error_of_the_same_field(void)
{
	assert_consistency(FROZEN "\"thawed_early\": false, \"errors\": [{\"field\": "
				  "\"timeline.freeze_us\", \"message\": \"unknown\"}]}}",
			   "frozen");
}

static void test_error_without_a_field(void)
{
	assert_consistency(FROZEN "\"errors\": [{\"field\": null, \"message\": \"?\"}]}}",
			   "frozen");
}

static void test_old_core(void)
{
	assert_consistency(FROZEN "\"errors\": [{\"field\": null, \"message\": \"?\"}, "
				  "{\"field\": \"timeline.freeze_us\", \"message\": \"?\"}]}}",
			   "late");
}

#define FAULT 0xffffffffc0001000ull

/* CPU 1 had an oops at FAULT on stack @fault. Now it is in a hard interrupt on stack @now. */
static void assert_of_interrupt(enum stack_kind now, enum stack_kind fault, bool expected)
{
	struct frame frames[] = {
		{.pc = gva(FAULT + 0x2000), .stack = now, .interrupted = true},
		{.pc = gva(FAULT), .stack = fault}, /* the same function has called it */
		{.pc = gva(FAULT), .stack = fault, .interrupted = true},
		{.pc = gva(FAULT + 0x3000), .stack = STACK_TASK},
	};
	struct report_vcpu vcpu = {
		.frames = frames_new(),
		.cpu = {true, 1},
		.hardirq_depth = {true, 1},
	};
	g_autoptr(Report) report = report_new();

	g_array_append_vals(vcpu.frames, frames, G_N_ELEMENTS(frames));
	g_array_append_val(report->vcpus, vcpu);
	report->oops.cpu = vcpu.cpu;
	report->fault.pc = (struct maybe_uint){true, FAULT};
	g_assert_cmpint(log_oops_in_interrupt(report), ==, expected);
}

static void test_interrupted_later(void)
{
	assert_of_interrupt(STACK_IRQ, STACK_IRQ, true);
	/* A task stack overflowed; the CPU detects this on another stack. */
	assert_of_interrupt(STACK_DOUBLE_FAULT, STACK_TASK, true);
	/* A kernel thread runs softirqs there. */
	assert_of_interrupt(STACK_TASK, STACK_TASK, true);
	assert_of_interrupt(STACK_IRQ, STACK_TASK, false);
}

static void add_frame(GArray *frames, const char *function)
{
	struct frame frame = {
		.stack = STACK_TASK, .reliable = true, .symbol = {.name = g_strdup(function)}};

	g_array_append_val(frames, frame);
}

/* The only vCPU is CPU 0. It waits in a loop of an ioctl. */
static struct report *conclude(struct analysis *analysis, const char *incident, const char *phase)
{
	static const char *const functions[] = {
		"native_sched_clock", "delay_tsc", "my_poll",
		"my_ioctl",	      "vfs_ioctl", "__x64_sys_ioctl"};
	g_autofree char *json = g_strdup_printf(
		"{\"collection\": {\"signal\": \"stall\", \"incident\": \"%s\", \"phase\": \"%s\","
		" \"stalled_cpu\": 0, \"errors\": []}}",
		incident, phase);
	struct report_vcpu *vcpu;
	struct kernel_map map = {0};

	init(analysis, json);
	vcpu = &g_array_index(analysis->report->vcpus, struct report_vcpu, 0);
	vcpu->cpu = (struct maybe_int){true, 0};
	for (size_t i = 0; i < G_N_ELEMENTS(functions); i++)
		add_frame(vcpu->frames, functions[i]);
	analysis->map = &map;
	analysis_conclude(analysis);
	analysis->map = NULL;
	return analysis->report;
}

/* The title contains the place, the fingerprint contains the loop. */
static void test_hang_is_named_by_its_place(void)
{
	struct analysis analysis;
	const struct report *report = conclude(&analysis, "hard-lockup", "began");

	g_assert_cmpstr(report->title, ==, "hard lockup in my_poll");
	g_assert_cmpstr(report->culprit.functions[0], ==, "my_ioctl");
	g_assert_null(report->culprit.functions[1]);
	g_assert_cmpuint(strlen(report->fingerprint), ==, 16);
	analysis_clear(&analysis);
}

static void test_end_of_a_hang_blames_nobody(void)
{
	struct analysis analysis;
	const struct report *report = conclude(&analysis, "hard-lockup", "ended");

	g_assert_cmpstr(report->title, ==, "hard lockup ended");
	g_assert_null(report->culprit.functions[0]);
	analysis_clear(&analysis);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/analysis/consistency/not-frozen", test_not_frozen);
	g_test_add_func("/analysis/consistency/frozen", test_frozen);
	g_test_add_func("/analysis/consistency/thawed-early", test_thawed_early);
	g_test_add_func("/analysis/consistency/error-of-the-same-field",
			test_error_of_the_same_field);
	g_test_add_func("/analysis/consistency/error-without-a-field", test_error_without_a_field);
	g_test_add_func("/analysis/consistency/old-core", test_old_core);
	g_test_add_func("/analysis/hang/place", test_hang_is_named_by_its_place);
	g_test_add_func("/analysis/hang/end", test_end_of_a_hang_blames_nobody);
	g_test_add_func("/analysis/panic/interrupted-after-the-oops", test_interrupted_later);
	return g_test_run();
}
