/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pool of prestarted analysers: their number, their end, and their input. This program is also
 * the analyser: see stand_in().
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/analyzer.h"

#define LOG_VARIABLE "OOPSBT_TEST_LOG"
#define WAIT_US (10 * G_USEC_PER_SEC)

static const struct analyzer_limits limits = {
	.memory = 111,
	.file_size = 222,
	.cpu_seconds = 333,
	.wall_seconds = 60,
};

/* --- the replacement of the analyser --- */

/* Logs its process id, arguments, folder and descriptors; then waits for the end of file. */
static int stand_in(int argc, char **argv)
{
	g_autoptr(GString) line = g_string_new(NULL);
	g_autofree char *folder = g_get_current_dir();
	int log = open(g_getenv(LOG_VARIABLE), O_WRONLY | O_APPEND | O_CLOEXEC);
	char byte;

	g_string_append_printf(line, "%d", (int)getpid());
	for (int i = 1; i < argc; i++)
		g_string_append_printf(line, " %s", argv[i]);
	g_string_append_printf(line, " in %s with", folder);
	for (int fd = 0; fd < 256; fd++)
		if (fd != log && fcntl(fd, F_GETFD) >= 0)
			g_string_append_printf(line, " %d", fd);
	g_string_append_c(line, '\n');
	if (write(log, line->str, line->len) != (ssize_t)line->len)
		return EXIT_FAILURE;
	return read(3, &byte, 1) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- */

static char *log_path;

static char **read_log(void)
{
	g_autofree char *text = NULL;

	g_assert_true(g_file_get_contents(log_path, &text, NULL, NULL));
	return g_strsplit(text, "\n", -1);
}

/* Waits until this number of processes has logged: a process logs some time after its start. */
static GArray *logged_pids(guint num)
{
	gint64 deadline = g_get_monotonic_time() + WAIT_US;

	for (;;) {
		GArray *pids = g_array_new(FALSE, FALSE, sizeof(int));
		g_auto(GStrv) lines = read_log();

		for (char **line = lines; line[0] && line[1]; line++) {
			int pid = atoi(*line);

			g_array_append_val(pids, pid);
		}
		if (pids->len == num)
			return pids;
		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
		g_array_unref(pids);
		g_usleep(1000);
	}
}

static void wait_for_spares(struct analyzer_pool *pool, unsigned int num)
{
	gint64 deadline = g_get_monotonic_time() + WAIT_US;

	while (analyzer_pool_num_spares(pool) != num) {
		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
		g_usleep(1000);
	}
}

static bool is_gone(int pid)
{
	return kill(pid, 0) < 0;
}

static struct analyzer_pool *new_pool(unsigned int num_spares)
{
	struct analyzer_pool *pool = analyzer_pool_new(&limits);
	g_autoptr(GError) error = NULL;

	g_assert_true(g_file_set_contents(log_path, "", 0, NULL));
	analyzer_pool_fill(pool, num_spares, &error);
	g_assert_no_error(error);
	return pool;
}

/* --- the tests --- */

static void test_number(void)
{
	struct analyzer_pool *pool = new_pool(3);
	struct analyzer *taken;

	g_assert_cmpuint(analyzer_pool_num_spares(pool), ==, 3);
	taken = analyzer_take(pool, NULL);
	g_assert_cmpuint(analyzer_pool_num_spares(pool), ==, 2);
	g_assert_true(analyzer_pool_fill(pool, 2, NULL));
	g_array_unref(logged_pids(3)); /* no other one was started */
	g_assert_true(analyzer_pool_fill(pool, 3, NULL));
	g_array_unref(logged_pids(4));
	g_assert_null(analyzer_end(taken));
	analyzer_pool_free(pool);
}

static void test_none_left(void)
{
	struct analyzer_pool *pool = new_pool(1);
	struct analyzer *first = analyzer_take(pool, NULL);
	struct analyzer *second = analyzer_take(pool, NULL);

	g_assert_nonnull(second);
	g_array_unref(logged_pids(2));
	g_assert_null(analyzer_end(first));
	g_assert_null(analyzer_end(second));
	analyzer_pool_free(pool);
}

static void test_dead(void)
{
	struct analyzer_pool *pool = new_pool(2);
	g_autoptr(GArray) pids = logged_pids(2);
	struct analyzer *taken;

	kill(g_array_index(pids, int, 0), SIGKILL);
	wait_for_spares(pool, 1);
	kill(g_array_index(pids, int, 1), SIGKILL);
	wait_for_spares(pool, 0);
	taken = analyzer_take(pool, NULL);
	g_array_unref(logged_pids(3));
	g_assert_null(analyzer_end(taken));
	/* Both were reaped. */
	g_assert_true(is_gone(g_array_index(pids, int, 0)));
	g_assert_true(is_gone(g_array_index(pids, int, 1)));
	analyzer_pool_free(pool);
}

static void test_dead_replaced(void)
{
	struct analyzer_pool *pool = new_pool(2);
	g_autoptr(GArray) pids = logged_pids(2);

	kill(g_array_index(pids, int, 1), SIGKILL);
	wait_for_spares(pool, 1);
	g_assert_true(analyzer_pool_fill(pool, 2, NULL));
	g_assert_cmpuint(analyzer_pool_num_spares(pool), ==, 2);
	g_assert_true(is_gone(g_array_index(pids, int, 1)));
	g_array_unref(logged_pids(3));
	analyzer_pool_free(pool);
}

static void test_trim(void)
{
	struct analyzer_pool *pool = new_pool(3);
	g_autoptr(GArray) pids = logged_pids(3);
	unsigned int num_gone = 0;

	analyzer_pool_trim(pool, 5);
	g_assert_cmpuint(analyzer_pool_num_spares(pool), ==, 3);
	analyzer_pool_trim(pool, 1);
	g_assert_cmpuint(analyzer_pool_num_spares(pool), ==, 1);
	for (guint i = 0; i < pids->len; i++)
		num_gone += is_gone(g_array_index(pids, int, i));
	g_assert_cmpuint(num_gone, ==, 2);
	analyzer_pool_free(pool);
}

static void test_other_limits(void)
{
	const struct analyzer_limits other = {.memory = 4, .file_size = 5, .cpu_seconds = 6};
	struct analyzer_pool *pool = new_pool(2);
	g_autoptr(GArray) pids = logged_pids(2);
	g_auto(GStrv) lines = NULL;

	analyzer_pool_set_limits(pool, &other);
	g_assert_cmpuint(analyzer_pool_num_spares(pool), ==, 0);
	g_assert_true(is_gone(g_array_index(pids, int, 0)));
	g_assert_true(is_gone(g_array_index(pids, int, 1)));
	g_assert_true(analyzer_pool_fill(pool, 1, NULL));
	g_array_unref(logged_pids(3));
	lines = read_log();
	g_assert_nonnull(strstr(lines[0], " serve 111 222 333 "));
	g_assert_nonnull(strstr(lines[2], " serve 4 5 6 "));
	analyzer_pool_free(pool);
}

static void test_descriptors(void)
{
	int open_fds[] = {dup(STDERR_FILENO), open("/", O_RDONLY), open("/dev/null", O_RDONLY)};
	struct analyzer_pool *pool = new_pool(1);
	g_auto(GStrv) lines = NULL;

	g_array_unref(logged_pids(1));
	lines = read_log();
	g_assert_true(g_str_has_suffix(lines[0], " in / with 0 1 2 3"));
	analyzer_pool_free(pool);
	for (size_t i = 0; i < G_N_ELEMENTS(open_fds); i++)
		close(open_fds[i]);
}

static void test_freed(void)
{
	struct analyzer_pool *pool = new_pool(3);
	g_autoptr(GArray) pids = logged_pids(3);

	analyzer_pool_free(pool);
	for (guint i = 0; i < pids->len; i++)
		g_assert_true(is_gone(g_array_index(pids, int, i)));
}

/* A killed daemon frees nothing: the kernel closes its sockets. */
static void test_killed(void)
{
	g_autoptr(GArray) pids = NULL;
	int status;
	pid_t pid;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	g_assert_true(g_file_set_contents(log_path, "", 0, NULL));
	pid = fork();
	if (pid == 0) {
		new_pool(3);
		pause();
		_exit(EXIT_FAILURE);
	}
	pids = logged_pids(3);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	for (guint i = 0; i < pids->len; i++) {
		g_assert_cmpint(waitpid(g_array_index(pids, int, i), &status, 0), >, 0);
		g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
	}
}

static void test_not_there(void)
{
	g_autofree char *program = g_strdup(g_getenv("OOPSBT_ANALYZER"));
	struct analyzer_pool *pool = analyzer_pool_new(&limits);
	g_autoptr(GError) error = NULL;

	g_setenv("OOPSBT_ANALYZER", "/nowhere/oopsbt-analyze", TRUE);
	g_assert_false(analyzer_pool_fill(pool, 1, &error));
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
	g_assert_nonnull(strstr(error->message, "starting /nowhere/oopsbt-analyze: "));
	g_setenv("OOPSBT_ANALYZER", program, TRUE);
	analyzer_pool_free(pool);
}

int main(int argc, char **argv)
{
	g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *folder = NULL;
	int status;

	if (argc > 1 && !strcmp(argv[1], "serve"))
		return stand_in(argc, argv);
	g_test_init(&argc, &argv, NULL);
	folder = g_dir_make_tmp("oopsbt-analyzer-XXXXXX", NULL);
	log_path = g_build_filename(folder, "log", NULL);
	g_setenv(LOG_VARIABLE, log_path, TRUE);
	g_setenv("OOPSBT_ANALYZER", program, TRUE);
	g_test_add_func("/analyzer/the pool has the requested number of spares", test_number);
	g_test_add_func("/analyzer/without a spare a new analyser is started", test_none_left);
	g_test_add_func("/analyzer/a dead spare is not used", test_dead);
	g_test_add_func("/analyzer/a dead spare is replaced", test_dead_replaced);
	g_test_add_func("/analyzer/surplus spares end", test_trim);
	g_test_add_func("/analyzer/a change of limits ends spares with the old limits",
			test_other_limits);
	g_test_add_func("/analyzer/an analyser gets its socket and no other descriptor",
			test_descriptors);
	g_test_add_func("/analyzer/spares end with the pool", test_freed);
	g_test_add_func("/analyzer/spares end when the collector is killed", test_killed);
	g_test_add_func("/analyzer/the error for a missing program names it", test_not_there);
	status = g_test_run();
	g_unlink(log_path);
	g_rmdir(folder);
	g_free(log_path);
	return status;
}
