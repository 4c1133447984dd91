/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a daemon saves about a guest's kernel for the next daemon. */
#include "daemon/kernel_state.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static char *make_directory(void)
{
	g_autoptr(GError) error = NULL;
	char *path = g_dir_make_tmp("oopsbt-kernel-state-XXXXXX", &error);

	g_assert_no_error(error);
	return path;
}

static void remove_directory(const char *path)
{
	g_autofree char *maps = g_build_filename(path, "maps", NULL);

	kernel_state_forget(path, "a");
	g_assert_cmpint(g_rmdir(maps), ==, 0);
	g_assert_cmpint(g_rmdir(path), ==, 0);
}

static void test_signals(void)
{
	g_autofree char *path = make_directory();
	const struct layout layout = {.domain_id = 3, .pid = 77, .start_time = 5};
	const struct layout another = {.domain_id = 3, .pid = 78, .start_time = 5};
	const struct kernel_state kept = {
		.suppressed = {.rate_limit = 1,
			       .queue_full = 2,
			       .failed = 3,
			       .not_analysed = 4,
			       .oopses = 5},
		.deferred_us = 1234567890123456,
		.deferred = (char *)"crashloaded",
		.error_collected = true,
		.watchdog_collected = true,
		.stop_clock = {.known = true, .value = 0xabcdef},
		.stalls = (char *)"hard-lockup 1 0 0 0 5 6 7\ntask 1 2 3\n",
	};
	struct kernel_state state;
	g_autoptr(GError) error = NULL;

	g_assert_true(kernel_state_save(&kept, path, "a", &layout, &error));
	g_assert_no_error(error);
	g_assert_true(kernel_state_load(&state, path, "a", &layout, false));
	g_assert_cmpmem(&state.suppressed, sizeof(state.suppressed), &kept.suppressed,
			sizeof(kept.suppressed));
	g_assert_cmpint(state.deferred_us, ==, kept.deferred_us);
	g_assert_cmpstr(state.deferred, ==, "crashloaded");
	g_assert_true(state.error_collected);
	g_assert_true(state.watchdog_collected);
	g_assert_true(state.stop_clock.known);
	g_assert_cmpuint(state.stop_clock.value, ==, 0xabcdef);
	g_assert_cmpstr(state.stalls, ==, kept.stalls);
	kernel_state_clear(&state);
	/* A restarted guest has another process. */
	g_assert_false(kernel_state_load(&state, path, "a", &another, false));
	g_assert_cmpuint(suppressed_total(&state.suppressed), ==, 0);
	g_assert_null(state.deferred);
	/* A restored guest continues in another process. */
	g_assert_true(kernel_state_load(&state, path, "a", &another, true));
	g_assert_cmpuint(suppressed_total(&state.suppressed), ==, 10);
	kernel_state_clear(&state);
	/* From then on, for a daemon that cannot tell that it was restored. */
	g_assert_true(kernel_state_load(&state, path, "a", &another, false));
	g_assert_cmpuint(suppressed_total(&state.suppressed), ==, 10);
	kernel_state_clear(&state);
	remove_directory(path);
}

/* The next daemon finds oopses again that a killed one had noticed and not collected. */
static void test_uncollected(void)
{
	g_autofree char *path = make_directory();
	const struct layout layout = {.domain_id = 3, .pid = 77, .start_time = 5};
	const struct kernel_state kept = {
		.watch = {.have_counter = true, .counter = 7, .credit = 1},
		.uncollected = 3,
	};
	struct kernel_state state;
	g_autoptr(GError) error = NULL;

	g_assert_true(kernel_state_save(&kept, path, "a", &layout, &error));
	g_assert_no_error(error);
	g_assert_true(kernel_state_load(&state, path, "a", &layout, false));
	g_assert_cmpuint(state.watch.counter, ==, 5);
	g_assert_cmpuint(state.watch.credit, ==, 0);
	kernel_state_clear(&state);
	remove_directory(path);
}

static bool is_b(const char *uuid, void *user_data G_GNUC_UNUSED)
{
	return strcmp(uuid, "b") == 0;
}

static bool is_kept(const char *path, const char *uuid)
{
	const struct layout layout = {.domain_id = 3, .pid = 77, .start_time = 5};
	struct kernel_state state;
	bool kept = kernel_state_load(&state, path, uuid, &layout, false);

	kernel_state_clear(&state);
	return kept;
}

static void test_trim(void)
{
	/* The order in which the guests were saved; b has a domain. */
	static const char *const uuids[] = {"b", "d", "a", "e", "c"};
	const struct layout layout = {.domain_id = 3, .pid = 77, .start_time = 5};
	const struct kernel_state state = {0};
	g_autofree char *path = make_directory();

	for (size_t i = 0; i < G_N_ELEMENTS(uuids); i++) {
		g_autofree char *file = g_build_filename(path, "maps", uuids[i], NULL);
		const struct timespec times[2] = {{.tv_sec = 1000, .tv_nsec = (long)i},
						  {.tv_sec = 1000, .tv_nsec = (long)i}};

		g_assert_true(kernel_state_save(&state, path, uuids[i], &layout, NULL));
		g_assert_cmpint(utimensat(AT_FDCWD, file, times, 0), ==, 0);
	}
	kernel_state_trim(path, 2, is_b, NULL);
	g_assert_true(is_kept(path, "b"));
	g_assert_false(is_kept(path, "d"));
	g_assert_false(is_kept(path, "a"));
	g_assert_true(is_kept(path, "e"));
	g_assert_true(is_kept(path, "c"));
	for (size_t i = 0; i < G_N_ELEMENTS(uuids); i++)
		kernel_state_forget(path, uuids[i]);
	remove_directory(path);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/kernel-state/the next daemon knows the left out signals", test_signals);
	g_test_add_func("/kernel-state/the next daemon finds what was not collected again",
			test_uncollected);
	g_test_add_func("/kernel-state/of guests without a domain the newest are kept", test_trim);
	return g_test_run();
}
