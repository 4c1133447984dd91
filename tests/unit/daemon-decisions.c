/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of the daemon: the rate limit, the NMI, and its configuration. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/config.h"
#include "daemon/nmi.h"
#include "daemon/ratelimit.h"

/* --- the rate limit --- */

static void test_rate(void)
{
	const struct rate rate = {.burst = 3, .per_hour = 60};
	const struct rate plenty = {.burst = 100, .per_hour = 100};
	struct bucket bucket = {0}, total = {0};
	gint64 now = 5 * G_TIME_SPAN_HOUR;

	for (int i = 0; i < 3; i++)
		g_assert_true(ratelimit_take(&bucket, &rate, &total, &plenty, now));
	g_assert_false(ratelimit_take(&bucket, &rate, &total, &plenty, now));
	now += G_TIME_SPAN_MINUTE + 1;
	g_assert_true(ratelimit_take(&bucket, &rate, &total, &plenty, now));
	g_assert_false(ratelimit_take(&bucket, &rate, &total, &plenty, now));
}

static void test_total_rate(void)
{
	const struct rate rate = {.burst = 10, .per_hour = 60};
	const struct rate tight = {.burst = 1, .per_hour = 60};
	struct bucket one = {0}, other = {0}, total = {0};

	g_assert_true(ratelimit_take(&one, &rate, &total, &tight, 1));
	g_assert_false(ratelimit_take(&one, &rate, &total, &tight, 2));
	/* A refused request costs nothing. */
	g_assert_cmpfloat(one.used, <=, 1);
	/* The reserved one, and only that. */
	g_assert_true(ratelimit_take(&other, &rate, &total, &tight, 2));
	g_assert_false(ratelimit_take(&other, &rate, &total, &tight, 3));
	g_assert_cmpfloat(total.used, <=, 1);
}

static void test_reserved(void)
{
	const struct rate rate = {.burst = 20, .per_hour = 60};
	const struct rate all = {.burst = 100, .per_hour = 600};
	struct bucket hostile[10] = {{0}};
	struct bucket innocent = {0}, total = {0};
	gint64 now = 5 * G_TIME_SPAN_HOUR;

	for (int i = 0; i < 1000; i++)
		ratelimit_take(&hostile[i % 10], &rate, &total, &all, now);
	g_assert_true(ratelimit_take(&innocent, &rate, &total, &all, now));
	/* A domain never exceeds its own rate. */
	for (int i = 0; i < 10; i++)
		g_assert_false(ratelimit_take(&hostile[i], &rate, &total, &all, now));
	/* After its own quiet time a domain has a token again, whatever the other domains do. */
	for (int second = 1; second <= 61; second++) {
		now += G_TIME_SPAN_SECOND;
		for (int i = 0; i < 1000; i++)
			ratelimit_take(&hostile[i % 10], &rate, &total, &all, now);
	}
	g_assert_true(ratelimit_take(&innocent, &rate, &total, &all, now));
}

/* Checks that the bucket has no token before this time, and has one after it. */
static void assert_wait(const struct bucket *bucket, const struct rate *rate,
			const struct bucket *total, const struct rate *total_rate, gint64 now,
			gint64 expected_us)
{
	gint64 wait_us = ratelimit_wait_us(bucket, rate, total, total_rate, now);
	struct bucket here = *bucket, there = *total;

	g_assert_cmpint(ABS(wait_us - expected_us), <, 10);
	if (wait_us > 0)
		g_assert_false(ratelimit_take(&here, rate, &there, total_rate, now + wait_us - 10));
	g_assert_true(ratelimit_take(&here, rate, &there, total_rate, now + wait_us));
}

static void test_wait(void)
{
	const struct rate rate = {.burst = 2, .per_hour = 60};
	const struct rate plenty = {.burst = 100, .per_hour = 100};
	const struct rate tight = {.burst = 1, .per_hour = 6};
	gint64 now = 5 * G_TIME_SPAN_HOUR;
	struct bucket bucket = {0}, full = {.used = 100, .since = now}, total = {0};

	assert_wait(&bucket, &rate, &total, &plenty, now, 0);
	for (int i = 0; i < 2; i++)
		g_assert_true(ratelimit_take(&bucket, &rate, &total, &plenty, now));
	assert_wait(&bucket, &rate, &total, &plenty, now, G_TIME_SPAN_MINUTE);
	now += G_TIME_SPAN_MINUTE / 3;
	assert_wait(&bucket, &rate, &total, &plenty, now, G_TIME_SPAN_MINUTE * 2 / 3);
	/*
	 * The total rate gives no token for 16 hours; the reserved token comes when all tokens are
	 * back.
	 */
	assert_wait(&bucket, &rate, &full, &tight, now, G_TIME_SPAN_MINUTE * 5 / 3);
	/* The total rate gives the first token. */
	full.used = 1;
	full.since = now - G_TIME_SPAN_MINUTE * 9;
	assert_wait(&bucket, &rate, &full, &tight, now, G_TIME_SPAN_MINUTE);
}

static void test_backoff(void)
{
	static const unsigned int delays_ms[] = {2000, 4000, 8000, 16000, 32000, 60000, 60000};
	struct backoff backoff = {0};
	gint64 now = 5 * G_TIME_SPAN_HOUR;

	/* A guest that has another kernel each time the daemon finds it. */
	for (size_t i = 0; i < G_N_ELEMENTS(delays_ms); i++) {
		g_assert_cmpuint(backoff_ms(&backoff, 2000, 60000, now), ==, delays_ms[i]);
		now += (gint64)delays_ms[i] * 1000 + G_TIME_SPAN_SECOND;
	}
	now += G_TIME_SPAN_MINUTE * 2;
	g_assert_cmpuint(backoff_ms(&backoff, 2000, 60000, now), ==, 2000);
}

/* --- the NMI --- */

static void test_nmi(void)
{
	static const struct {
		enum option_nmi option;
		struct protocol_verdict verdict;
		bool runs;
		bool wanted;
	} cases[] = {
		{OPTION_NMI_AUTO, {.known = 1, .panic_cpu = -1, .nmi_handler = 1}, true, true},
		{OPTION_NMI_AUTO, {.known = 1, .panic_cpu = -1, .nmi_handler = 1}, false, false},
		{OPTION_NMI_AUTO, {.known = 1, .panic_cpu = -1}, true, false},
		{OPTION_NMI_AUTO,
		 {.known = 1, .panic_cpu = -1, .nmi_handler = 1, .nmi_panics = 1},
		 true,
		 false},
		{OPTION_NMI_AUTO, {.known = 1, .panic_cpu = 0, .nmi_handler = 1}, true, false},
		{OPTION_NMI_AUTO, {.known = 0, .panic_cpu = -1, .nmi_handler = 1}, true, false},
		{OPTION_NMI_ALWAYS, {.known = 0}, true, true},
		{OPTION_NMI_ALWAYS, {.known = 0}, false, false},
		{OPTION_NMI_NEVER, {.known = 1, .panic_cpu = -1, .nmi_handler = 1}, true, false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *reason = NULL;

		g_assert_cmpint(
			nmi_wanted(cases[i].option, &cases[i].verdict, cases[i].runs, &reason), ==,
			cases[i].wanted);
		g_assert_nonnull(reason);
	}
}

/* --- the configuration --- */

static bool load(const char *text, struct config *config, GPtrArray *warnings, char **message)
{
	g_autofree char *path = NULL;
	g_autoptr(GError) error = NULL;
	int fd = g_file_open_tmp(NULL, &path, &error);
	bool loaded;

	g_assert_no_error(error);
	g_assert_cmpint(write(fd, text, strlen(text)), ==, (ssize_t)strlen(text));
	close(fd);
	loaded = config_load(path, config, warnings, &error);
	g_unlink(path);
	if (message)
		*message = error ? g_strdup(error->message) : NULL;
	return loaded;
}

static void test_config(void)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	struct config config;

	g_assert_true(load("[daemon]\nmemory = libvirt \n[store]\nroot=/x\nfree_space_mib=3\n"
			   "[rate-limit]\nwhat=1\n[nonsense]\na=b\n",
			   &config, warnings, NULL));
	g_assert_cmpint(config.memory, ==, MEMORY_LIBVIRT);
	g_assert_cmpstr(config.store, ==, "/x");
	g_assert_cmpuint(config.free_space_floor, ==, 3 << 20);
	g_assert_cmpuint(config.parallel, ==, 12);
	g_assert_cmpuint(warnings->len, ==, 2);
	g_assert_cmpstr(config.metrics, ==, "/run/oopsbt-metrics/oopsbt.prom");
	g_assert_true(config_metrics_is_default(&config));
	config_clear(&config);
}

static void test_config_errors(void)
{
	static const struct {
		const char *text, *names;
	} cases[] = {
		{"[daemon]\nmemory=both\n", "[daemon] memory"},
		{"[daemon]\nparallel=0\n", "[daemon] parallel"},
		{"[analyzer]\nwall_seconds=soon\n", "[analyzer] wall_seconds"},
		{"[store]\nroot=\n", "[store] root"},
		{"[daemon]\nmetrics=\n", "[daemon] metrics"},
		{"[daemon]\nmetrics=oopsbt.prom\n", "[daemon] metrics"},
		{"[daemon]\nmetrics=/run/oopsbt.txt\n", "[daemon] metrics"},
		{"[daemon]\nauto_enable=\n", "[daemon] auto_enable"},
		{"[daemon]\nauto_enable=true\n",
		 "[daemon] auto_enable: \"true\" is not yes, no or patterns of names, separated by "
		 "blanks"},
		{"[daemon]\nauto_enable=Off\n", "[daemon] auto_enable"},
		{"[daemon]\nauto_enable=Yes\n", "[daemon] auto_enable"},
		{"[daemon]\nauto_enable=yes # all\n", "[daemon] auto_enable"},
		{"[daemon]\nauto_enable=no web-*\n", "[daemon] auto_enable"},
		{"[daemon]\nauto_enable=web-*,db-*\n", "[daemon] auto_enable"},
		{"[daemon]\nuri=not a uri\n", "[daemon] uri: \"not a uri\" is not a libvirt URI"},
		{"[store]\nroot=relative\n",
		 "[store] root: \"relative\" is not the whole path of a folder"},
		{"nonsense\n", "SECTION"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *message = NULL;
		struct config config;

		g_assert_false(load(cases[i].text, &config, NULL, &message));
		g_assert_nonnull(strstr(message, cases[i].names));
		config_clear(&config);
	}
}

static void test_config_metrics(void)
{
	struct config config;

	g_assert_true(load("[daemon]\nmetrics = none\n", &config, NULL, NULL));
	g_assert_null(config.metrics);
	config_clear(&config);
	g_assert_true(load("[daemon]\nmetrics = /x/y.prom\n", &config, NULL, NULL));
	g_assert_cmpstr(config.metrics, ==, "/x/y.prom");
	g_assert_false(config_metrics_is_default(&config));
	config_clear(&config);
	/* The format of systemd for two runtime directories of a unit. */
	g_setenv("RUNTIME_DIRECTORY", "/run/a:/run/a-metrics", TRUE);
	g_assert_true(load("", &config, NULL, NULL));
	g_unsetenv("RUNTIME_DIRECTORY");
	g_assert_cmpstr(config.metrics, ==, "/run/a-metrics/oopsbt.prom");
	config_clear(&config);
}

static void test_auto_enable(void)
{
	static const struct {
		const char *value, *name;
		bool enabled;
	} cases[] = {
		{"no", "web1", false},	      {"yes", "web1", true},
		{"web*", "web1", true},	      {"web*", "myweb1", false},
		{"db-?  web*", "web1", true}, {"db-? web*", "db-10", false},
		{"db-? web*", "", false},     {"on 1 web*", "on", true},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text =
			g_strdup_printf("[daemon]\nauto_enable=%s\n", cases[i].value);
		struct config config;

		g_assert_true(load(text, &config, NULL, NULL));
		g_assert_cmpint(config_auto_enables(config.auto_enable, cases[i].name), ==,
				cases[i].enabled);
		config_clear(&config);
	}
}

/* The installed file documents the defaults: its comments must match the code. */
static void test_config_file(void)
{
	g_autofree char *path =
		g_test_build_filename(G_TEST_DIST, "..", "..", "host-tool", "oopsbtd.conf", NULL);
	g_autofree char *source = g_strdup(g_getenv("OOPSBT_CONF"));
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GRegex) comment = g_regex_new("^#([a-z_]+ = )", G_REGEX_MULTILINE, 0, NULL);
	g_autofree char *text = NULL;
	g_autofree char *active = NULL;
	struct config config, defaults;

	if (!g_file_get_contents(source ? source : "host-tool/oopsbtd.conf", &text, NULL, NULL) &&
	    !g_file_get_contents(path, &text, NULL, NULL)) {
		g_test_skip("host-tool/oopsbtd.conf is not there: run this from the source folder");
		return;
	}
	active = g_regex_replace(comment, text, -1, 0, "\\1", 0, NULL);
	g_assert_true(load(active, &config, warnings, NULL));
	g_assert_true(load("", &defaults, warnings, NULL));
	g_assert_cmpuint(warnings->len, ==, 0);
	g_assert_cmpstr(config.uri, ==, defaults.uri);
	g_assert_cmpstr(config.store, ==, defaults.store);
	g_clear_pointer(&config.uri, g_free);
	g_clear_pointer(&config.store, g_free);
	g_assert_cmpstr(config.metrics, ==, defaults.metrics);
	g_clear_pointer(&config.metrics, g_free);
	g_clear_pointer(&defaults.metrics, g_free);
	g_clear_pointer(&defaults.uri, g_free);
	g_clear_pointer(&defaults.store, g_free);
	g_assert_cmpmem(&config, sizeof(config), &defaults, sizeof(defaults));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_unsetenv("LIBVIRT_DEFAULT_URI");
	g_unsetenv("OOPSBT_RUNTIME_DIRECTORY");
	g_test_add_func("/rate/a burst is allowed, then the hourly rate applies", test_rate);
	g_test_add_func("/rate/the total limit applies as well", test_total_rate);
	g_test_add_func("/rate/one collection is reserved for each domain", test_reserved);
	g_test_add_func("/rate/the time until the next allowed collection is known", test_wait);
	g_test_add_func("/rate/a repeated search waits longer each time", test_backoff);
	g_test_add_func("/nmi/an NMI is sent only if it is safe or requested", test_nmi);
	g_test_add_func("/config/values are read, and unknown keys give warnings", test_config);
	g_test_add_func("/config/the error for a bad value names it", test_config_errors);
	g_test_add_func("/config/the file of metrics is world-readable, or there is none",
			test_config_metrics);
	g_test_add_func("/config/auto_enable accepts patterns of names", test_auto_enable);
	g_test_add_func("/config/the comments in oopsbtd.conf show the defaults", test_config_file);
	return g_test_run();
}
