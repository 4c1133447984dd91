/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metrics for monitoring: the text, and the file. */
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/metrics_file.h"
#include "daemon/metrics_text.h"

#define DEFAULT_KINDS (1u << INCIDENT_OOPS | 1u << INCIDENT_PANIC)

/* --- the text --- */

static char *render(const struct metrics_domain *domains, guint num_domains)
{
	g_autoptr(GArray) array = g_array_new(FALSE, FALSE, sizeof(*domains));
	struct metrics_times times;
	const struct metrics_state state = {
		.version = "1.2.3",
		.started = 1764466200.25,
		.libvirt_up = true,
		.watch_age = -1,
		.domains = array,
		.times = &times,
		.store_needed = 256 << 20,
	};

	metrics_times_init(&times);
	if (num_domains)
		g_array_append_vals(array, domains, num_domains);
	return metrics_text(&state);
}

/* Checks that the text has this line once. */
static void assert_line(const char *text, const char *line)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	unsigned int found = 0;

	for (char **one = lines; *one; one++)
		found += strcmp(*one, line) == 0;
	if (found != 1)
		g_error("%u times \"%s\" in:\n%s", found, line, text);
}

static void assert_none(const char *text, const char *part)
{
	if (strstr(text, part))
		g_error("\"%s\" in:\n%s", part, text);
}

static void test_domains(void)
{
	const struct metrics_domain domains[] = {
		{.name = "web1",
		 .kinds = DEFAULT_KINDS,
		 .running = true,
		 .watched = true,
		 .incidents = {[INCIDENT_OOPS] = 3},
		 .suppressed = 2,
		 .failed = 1,
		 .repeats = 11},
		{.name = "db",
		 .kinds = DEFAULT_KINDS | 1u << INCIDENT_SOFT_LOCKUP,
		 .running = true,
		 .knowledge = METRICS_NO_KERNEL,
		 .incidents = {[INCIDENT_HUNG_TASK] = 1}},
		{.name = "off", .kinds = DEFAULT_KINDS, .knowledge = METRICS_SEARCHING},
	};
	g_autofree char *text = render(domains, G_N_ELEMENTS(domains));

	assert_line(text, "oopsbt_domains_enabled 3");
	assert_line(text, "oopsbt_domains_running 2");
	assert_line(text, "oopsbt_domains_watched 1");
	assert_line(text, "oopsbt_domains_not_understood{reason=\"no-kernel\"} 1");
	/* A stopped domain is not counted. */
	assert_line(text, "oopsbt_domains_not_understood{reason=\"searching\"} 0");
	assert_line(text, "oopsbt_domain_understood{domain=\"web1\"} 1");
	assert_line(text, "oopsbt_domain_understood{domain=\"db\"} 0");
	assert_none(text, "oopsbt_domain_understood{domain=\"off\"}");
	assert_line(text, "oopsbt_incidents_total{domain=\"web1\",kind=\"oops\"} 3");
	assert_line(text, "oopsbt_suppressed_signals_total{domain=\"web1\"} 2");
	assert_line(text, "oopsbt_failed_collections_total{domain=\"web1\"} 1");
	assert_line(text, "oopsbt_repeats_total{domain=\"web1\"} 11");
	assert_line(text, "oopsbt_repeats_total{domain=\"db\"} 0");
	/* A counter that begins at 1 shows no increase: the enabled kinds begin at 0. */
	assert_line(text, "oopsbt_incidents_total{domain=\"web1\",kind=\"panic\"} 0");
	assert_line(text, "oopsbt_incidents_total{domain=\"db\",kind=\"soft-lockup\"} 0");
	assert_line(text, "oopsbt_incidents_total{domain=\"db\",kind=\"hung-task\"} 1");
	assert_none(text, "domain=\"web1\",kind=\"soft-lockup\"");
}

static void test_nothing(void)
{
	g_autofree char *text = render(NULL, 0);

	assert_line(text, "oopsbt_build_info{version=\"1.2.3\"} 1");
	assert_line(text, "oopsbt_start_time_seconds 1764466200.25");
	assert_line(text, "oopsbt_libvirt_up 1");
	assert_line(text, "oopsbt_freeze_guard_up 0");
	assert_line(text, "oopsbt_domains_enabled 0");
	assert_line(text, "oopsbt_store_needed_bytes 268435456");
	/* An unknown value is left out; it is not 0. */
	assert_none(text, "oopsbt_watch_age_seconds");
	assert_none(text, "oopsbt_store_dumps");
	assert_none(text, "oopsbt_store_free_bytes");
	assert_none(text, "oopsbt_store_limit_bytes");
	assert_none(text, "oopsbt_incidents_total");
}

static void test_store(void)
{
	g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(struct metrics_domain));
	const struct store_use use = {
		.dumps = 7, .bytes = 1125899906842625, .free_known = true, .free_bytes = 12345678};
	struct metrics_times times;
	const struct metrics_state state = {
		.version = "1",
		.guard_up = true,
		.watch_age = 1.5,
		.domains = none,
		.times = &times,
		.use = &use,
		.store_limit = 1 << 20,
	};
	g_autofree char *text = NULL;

	metrics_times_init(&times);
	text = metrics_text(&state);
	assert_line(text, "oopsbt_freeze_guard_up 1");
	assert_line(text, "oopsbt_watch_age_seconds 1.5");
	assert_line(text, "oopsbt_store_dumps 7");
	assert_line(text, "oopsbt_store_bytes 1125899906842625");
	assert_line(text, "oopsbt_store_free_bytes 12345678");
	assert_line(text, "oopsbt_store_limit_bytes 1048576");
}

static void test_hostile_names(void)
{
	static const struct {
		const char *name, *label;
	} cases[] = {
		{"a b-c_d.e", "a b-c_d.e"},
		{"quote\"} 1\n", "quote\\\"} 1\\\\x0a"},
		{"back\\slash", "back\\\\slash"},
		{"end\\", "end\\\\"},
		{"\033[2J\303\244", "\\\\x1b[2J\303\244"},
		{"\377\200", "\\\\xff\\\\x80"},
		{"", ""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct metrics_domain domain = {.name = cases[i].name,
						      .kinds = 1u << INCIDENT_OOPS};
		g_autofree char *text = render(&domain, 1);
		g_autofree char *line = g_strdup_printf(
			"oopsbt_incidents_total{domain=\"%s\",kind=\"oops\"} 0", cases[i].label);

		assert_line(text, line);
		g_assert_true(g_utf8_validate(text, -1, NULL));
	}
}

/* node_exporter rejects a file with two samples of the same labels. */
static void test_same_names(void)
{
	const struct metrics_domain domains[] = {
		{.name = "b", .kinds = DEFAULT_KINDS},
		{.name = "a", .kinds = DEFAULT_KINDS, .incidents = {[INCIDENT_OOPS] = 1}},
		{.name = "b",
		 .kinds = DEFAULT_KINDS,
		 .running = true,
		 .incidents = {[INCIDENT_OOPS] = 2},
		 .suppressed = 4,
		 .failed = 8},
		{.name = "b", .kinds = DEFAULT_KINDS, .incidents = {[INCIDENT_OOPS] = 3}},
	};
	g_autofree char *text = render(domains, G_N_ELEMENTS(domains));

	assert_line(text, "oopsbt_incidents_total{domain=\"a\",kind=\"oops\"} 1");
	assert_line(text, "oopsbt_incidents_total{domain=\"b\",kind=\"oops\"} 5");
	assert_line(text, "oopsbt_suppressed_signals_total{domain=\"b\"} 4");
	assert_line(text, "oopsbt_failed_collections_total{domain=\"b\"} 8");
	assert_line(text, "oopsbt_domain_understood{domain=\"b\"} 1");
}

static void test_families(void)
{
	const struct metrics_domain domains[] = {{.name = "a", .running = true},
						 {.name = "b", .running = true}};
	g_autofree char *text = render(domains, G_N_ELEMENTS(domains));
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const char *help = "";

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) words = g_strsplit(*line, " ", 4);

		if (g_str_has_prefix(*line, "# HELP ")) {
			g_assert_true(g_hash_table_add(seen, g_strdup(words[2])));
			g_assert_true(g_str_has_prefix(words[2], "oopsbt_"));
			help = words[2];
			g_assert_true(g_str_has_prefix(line[1], "# TYPE "));
			g_assert_nonnull(strstr(line[1], help));
			if (g_str_has_suffix(line[1], " counter"))
				g_assert_true(g_str_has_suffix(help, "_total"));
		}
	}
	g_assert_cmpuint(g_hash_table_size(seen), >, 10);
	g_assert_true(g_str_has_suffix(text, "\n"));
}

/* --- histograms --- */

static void test_histogram(void)
{
	g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(struct metrics_domain));
	struct metrics_times times;
	const struct metrics_state state = {
		.version = "1", .watch_age = -1, .domains = none, .times = &times};
	g_autofree char *text = NULL;

	metrics_times_init(&times);
	histogram_add(&times.frozen, -1);
	histogram_add(&times.frozen, 0.001);
	histogram_add(&times.frozen, 0.0011);
	histogram_add(&times.frozen, 0.5);
	histogram_add(&times.frozen, 1000);
	text = metrics_text(&state);
	assert_line(text, "oopsbt_frozen_seconds_bucket{le=\"0.001\"} 2");
	assert_line(text, "oopsbt_frozen_seconds_bucket{le=\"0.0025\"} 3");
	assert_line(text, "oopsbt_frozen_seconds_bucket{le=\"0.25\"} 3");
	assert_line(text, "oopsbt_frozen_seconds_bucket{le=\"0.5\"} 4");
	assert_line(text, "oopsbt_frozen_seconds_bucket{le=\"2.5\"} 4");
	assert_line(text, "oopsbt_frozen_seconds_bucket{le=\"+Inf\"} 5");
	assert_line(text, "oopsbt_frozen_seconds_sum 1000.5021");
	assert_line(text, "oopsbt_frozen_seconds_count 5");
	assert_line(text, "oopsbt_signal_to_stored_seconds_bucket{le=\"60\"} 0");
	assert_line(text, "oopsbt_signal_to_stored_seconds_count 0");
}

static void test_histograms_fit(void)
{
	struct metrics_times times;
	const struct histogram *all[] = {&times.to_frozen, &times.frozen, &times.to_stored};

	metrics_times_init(&times);
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		g_assert_cmpuint(all[i]->num_bounds, <=, HISTOGRAM_MAX_BOUNDS);
		for (size_t j = 1; j < all[i]->num_bounds; j++)
			g_assert_cmpfloat(all[i]->bounds[j - 1], <, all[i]->bounds[j]);
	}
}

/* --- the file --- */

struct fixture {
	char *folder, *path, *hidden;
};

static void set_up(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	fixture->folder = g_dir_make_tmp("test-metrics-XXXXXX", NULL);
	fixture->path = g_build_filename(fixture->folder, "oopsbt.prom", NULL);
	fixture->hidden = g_build_filename(fixture->folder, ".oopsbt.prom.new", NULL);
}

static void tear_down(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	g_unlink(fixture->path);
	g_unlink(fixture->hidden);
	g_rmdir(fixture->folder);
	g_free(fixture->folder);
	g_free(fixture->path);
	g_free(fixture->hidden);
}

static void assert_holds(const struct fixture *fixture, const char *wanted)
{
	g_autofree char *text = NULL;

	g_assert_true(g_file_get_contents(fixture->path, &text, NULL, NULL));
	g_assert_cmpstr(text, ==, wanted);
	g_assert_false(g_file_test(fixture->hidden, G_FILE_TEST_EXISTS));
}

static unsigned int mode(const char *path)
{
	struct stat status;

	g_assert_cmpint(stat(path, &status), ==, 0);
	return status.st_mode & 07777;
}

static void test_file_is_for_all(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	g_autoptr(GError) error = NULL;
	mode_t before = umask(0077);

	g_rmdir(fixture->folder);
	metrics_file_make_folder(fixture->path, &error);
	g_assert_no_error(error);
	g_assert_true(metrics_file_write(fixture->path, "one\n", &error));
	umask(before);
	g_assert_cmpuint(mode(fixture->path), ==, 0644);
	g_assert_cmpuint(mode(fixture->folder), ==, 0755);
	assert_holds(fixture, "one\n");
	/* systemd sets this mode at each start. */
	g_chmod(fixture->folder, 0700);
	g_assert_true(metrics_file_make_folder(fixture->path, &error));
	g_assert_cmpuint(mode(fixture->folder), ==, 0755);
}

static void test_file_missing_folder(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	g_autofree char *path = g_build_filename(fixture->folder, "a", "b", "oopsbt.prom", NULL);
	g_autoptr(GError) error = NULL;

	g_assert_false(metrics_file_write(path, "one\n", &error));
	g_assert_nonnull(strstr(error->message, "No such file"));
	g_assert_nonnull(strstr(error->message, fixture->folder));
	g_assert_false(metrics_file_make_folder(path, NULL));
}

static void test_file_full_folder(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	g_autoptr(GError) error = NULL;
	struct rlimit before, small = {.rlim_cur = 5};
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
	bool written;

	g_assert_true(metrics_file_write(fixture->path, "old\n", NULL));
	g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
	small.rlim_max = before.rlim_max;
	g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &small), ==, 0);
	written = metrics_file_write(fixture->path, "a text that is longer than that\n", &error);
	setrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, handler);
	g_assert_false(written);
	g_assert_nonnull(strstr(error->message, fixture->path));
	assert_holds(fixture, "old\n");
}

static void test_file_leftover(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	g_assert_true(g_file_set_contents(fixture->hidden, "half", -1, NULL));
	g_assert_true(metrics_file_write(fixture->path, "one\n", NULL));
	assert_holds(fixture, "one\n");
}

static void test_file_link(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	g_autofree char *victim = g_build_filename(fixture->folder, "victim", NULL);

	g_assert_true(g_file_set_contents(victim, "mine", -1, NULL));
	g_assert_cmpint(symlink(victim, fixture->hidden), ==, 0);
	g_assert_true(metrics_file_write(fixture->path, "one\n", NULL));
	assert_holds(fixture, "one\n");
	g_assert_true(g_file_test(victim, G_FILE_TEST_IS_REGULAR));
	g_unlink(victim);
}

#define WHOLE_LENGTH 100000

/* True if the text is complete and has only one letter. */
static bool is_whole(const char *text, size_t length)
{
	return length == WHOLE_LENGTH && strspn(text, (char[]){text[0], '\0'}) == length;
}

static void *read_again_and_again(void *data)
{
	const struct fixture *fixture = data;

	for (int i = 0; i < 2000; i++) {
		g_autofree char *text = NULL;
		size_t length;

		g_assert_true(g_file_get_contents(fixture->path, &text, &length, NULL));
		g_assert_true(is_whole(text, length));
	}
	return NULL;
}

static void test_file_is_whole(struct fixture *fixture, const void *data G_GNUC_UNUSED)
{
	g_autofree char *one = g_strnfill(WHOLE_LENGTH, 'a');
	g_autofree char *other = g_strnfill(WHOLE_LENGTH, 'b');
	GThread *reader;

	g_assert_true(metrics_file_write(fixture->path, one, NULL));
	reader = g_thread_new("reader", read_again_and_again, fixture);
	for (int i = 0; i < 2000; i++)
		g_assert_true(metrics_file_write(fixture->path, i % 2 ? one : other, NULL));
	g_thread_join(reader);
}

/* --- */

static void add(const char *path, void (*test)(struct fixture *, const void *))
{
	g_test_add(path, struct fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/text/each domain has its metrics, and there are sums", test_domains);
	g_test_add_func("/text/an unknown value is left out", test_nothing);
	g_test_add_func("/text/the store has metrics", test_store);
	g_test_add_func("/text/a domain's name can't leave its label", test_hostile_names);
	g_test_add_func("/text/two domains with one name share a metric", test_same_names);
	g_test_add_func("/text/each family is declared once", test_families);
	g_test_add_func("/histogram/buckets are cumulative", test_histogram);
	g_test_add_func("/histogram/the bounds of buckets ascend and fit the values",
			test_histograms_fit);
	add("/file/the file is world-readable with every umask", test_file_is_for_all);
	add("/file/a missing folder is an error", test_file_missing_folder);
	add("/file/a full disk keeps the old file", test_file_full_folder);
	add("/file/the temporary file of a killed daemon does no harm", test_file_leftover);
	add("/file/a symbolic link is not followed", test_file_link);
	add("/file/a reader sees the old or the new text, never a mix", test_file_is_whole);
	return g_test_run();
}
