/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the metrics file is written: in a thread, one write at a time. A test runs the tasks itself,
 * so a write takes as long as it wants.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "common/store_use.h"
#include "daemon/domain.h"
#include "daemon/metrics.h"

/* --- stand-ins for the rest of the daemon --- */

static GQueue tasks = G_QUEUE_INIT; /* of struct task, not run yet */

void task_push(struct domains *all, struct pool *pool G_GNUC_UNUSED, const char *uuid G_GNUC_UNUSED,
	       struct task *task)
{
	task->all = all;
	g_queue_push_tail(&tasks, task);
}

const char *domain_watch_blind(const struct domain *domain G_GNUC_UNUSED)
{
	return NULL;
}

bool guard_is_alive(struct guard *guard G_GNUC_UNUSED)
{
	return true;
}

static unsigned int num_counts;

bool store_use_read(struct store *store G_GNUC_UNUSED, struct store_use *use G_GNUC_UNUSED,
		    GError **error G_GNUC_UNUSED)
{
	num_counts++;
	return false;
}

/* --- */

struct fixture {
	char *directory, *path;
	struct config config;
	struct collector collector;
	struct domains all;
	struct metrics *metrics;
};

static void set_up(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	f->directory = g_dir_make_tmp("oopsbt-metrics-XXXXXX", NULL);
	f->path = g_build_filename(f->directory, "oopsbt.prom", NULL);
	f->config.metrics = f->path;
	f->all.config = &f->config;
	f->all.collector = &f->collector;
	f->all.by_uuid = g_hash_table_new(g_str_hash, g_str_equal);
	f->all.log = log_new("test", false);
	f->metrics = metrics_new(&f->all);
}

static void tear_down(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	metrics_free(f->metrics);
	g_assert_cmpint(g_rmdir(f->directory), ==, 0);
	g_hash_table_unref(f->all.by_uuid);
	log_close(f->all.log);
	log_unref(f->all.log);
	g_free(f->path);
	g_free(f->directory);
}

static void finish(struct task *task)
{
	task->done(task, NULL);
	if (task->clear)
		task->clear(task);
	g_free(task);
}

/* Runs the tasks that count the store; returns the one that writes, or NULL. */
static struct task *take_write(void)
{
	struct task *write = NULL, *task;

	while ((task = g_queue_pop_head(&tasks))) {
		unsigned int before = num_counts;

		if (task->clear) {
			g_assert_null(write);
			write = task;
			continue;
		}
		task->work(task);
		g_assert_cmpuint(num_counts, ==, before + 1);
		finish(task);
	}
	return write;
}

/* Reports a change, and waits until it is handled. */
static struct task *change(struct fixture *f)
{
	gint64 until = g_get_monotonic_time() + 3 * G_TIME_SPAN_SECOND;
	struct task *write = NULL;

	metrics_changed(f->metrics);
	while (write == NULL && g_get_monotonic_time() < until) {
		g_main_context_iteration(NULL, FALSE);
		write = take_write();
		g_usleep(1000);
	}
	return write;
}

static bool exists(struct fixture *f)
{
	return g_file_test(f->path, G_FILE_TEST_EXISTS);
}

static void test_not_in_main_thread(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	struct task *write = change(f);

	g_assert_nonnull(write);
	g_assert_false(exists(f));
	write->work(write);
	g_assert_true(exists(f));
	finish(write);
	g_assert_null(take_write());
}

static void test_one_at_a_time(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	struct task *write = change(f);

	g_assert_nonnull(write);
	/* The disk hangs. */
	g_assert_null(change(f));
	write->work(write);
	finish(write);
	/* What changed meanwhile is written now. */
	write = take_write();
	g_assert_nonnull(write);
	write->work(write);
	finish(write);
	g_assert_null(take_write());
}

static void test_other_path(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	struct task *write = change(f);

	write->work(write);
	finish(write);
	g_assert_true(exists(f));
	f->config.metrics = NULL;
	write = change(f);
	g_assert_true(exists(f));
	write->work(write);
	g_assert_false(exists(f));
	finish(write);
	g_assert_null(take_write());
}

static void test_stopping(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	struct task *write = change(f);

	g_assert_null(change(f));
	f->all.stopping = true;
	write->work(write);
	finish(write);
	g_assert_null(take_write());
}

static void add(const char *path, void (*test)(struct fixture *f, gconstpointer data))
{
	g_test_add(path, struct fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("/the main thread does not write the metrics file", test_not_in_main_thread);
	add("/while one write of the metrics hangs, no other one begins", test_one_at_a_time);
	add("/the file of an earlier path is removed in a thread, too", test_other_path);
	add("/a daemon that stops writes no more metrics", test_stopping);
	return g_test_run();
}
