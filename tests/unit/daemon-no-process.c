/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A daemon that gets no process, thread or descriptor: it freezes no guest without a freeze guard,
 * says what it could not do, and works again when it gets them. The domain is one of libvirt's test
 * driver; functions of the same names in this file replace the calls. This program is also the
 * guard and the analyser.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "common/protocol.h"
#include "daemon/analyzer.h"
#include "daemon/freeze.h"

static int no_process; /* an errno, or 0 */
static bool no_thread;
static int num_suspends;
static pid_t last_process;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		const posix_spawnattr_t *attributes, char *const argv[], char *const environment[])
{
	int status = no_process
			     ? no_process
			     : REAL(posix_spawn)(pid, path, actions, attributes, argv, environment);

	if (status == 0)
		last_process = *pid;
	return status;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
		   void *argument)
{
	return no_thread ? EAGAIN : REAL(pthread_create)(thread, attributes, start, argument);
}

int virDomainSuspend(virDomainPtr domain)
{
	num_suspends++;
	return REAL(virDomainSuspend)(domain);
}

/* --- what can fail --- */

static void take_processes(bool take)
{
	no_process = take ? EAGAIN : 0;
}

static void take_memory(bool take)
{
	no_process = take ? ENOMEM : 0;
}

static void take_threads(bool take)
{
	no_thread = take;
}

static void take_descriptors(bool take)
{
	struct rlimit limit;

	int next = dup(STDERR_FILENO);

	close(next);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = take ? (rlim_t)next : limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static const struct shortage {
	const char *name, *message;
	void (*take)(bool take);
} shortages[] = {
	{"a process", "Resource temporarily unavailable", take_processes},
	{"memory for a process", "Cannot allocate memory", take_memory},
	{"a thread", "Resource temporarily unavailable", take_threads},
	{"a descriptor", "Too many open files", take_descriptors},
};

/* --- the guard --- */

struct fixture {
	char *directory;
	struct guard *guard;
	virConnectPtr connection;
	virDomainPtr domain;
};

static void set_up(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	g_autoptr(GError) error = NULL;

	fixture->directory = g_dir_make_tmp("oopsbt-no-process-XXXXXX", NULL);
	fixture->guard = guard_new(fixture->directory, "test:///default", &error);
	g_assert_no_error(error);
	fixture->connection = virConnectOpen("test:///default");
	fixture->domain = virDomainLookupByName(fixture->connection, "test");
	g_assert_nonnull(fixture->domain);
	num_suspends = 0;
}

static void tear_down(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	g_autofree char *frozen = g_build_filename(fixture->directory, "frozen", NULL);

	guard_free(fixture->guard);
	virDomainFree(fixture->domain);
	virConnectClose(fixture->connection);
	g_rmdir(frozen);
	g_assert_cmpint(g_rmdir(fixture->directory), ==, 0); /* no record is left */
	g_free(fixture->directory);
}

static void kill_guard(struct fixture *fixture)
{
	kill(last_process, SIGKILL);
	while (guard_is_alive(fixture->guard))
		g_usleep(1000);
}

static enum freeze_outcome freeze(struct fixture *fixture, GError **error)
{
	const struct freeze_plan plan = {
		.domain = fixture->domain,
		.guard = fixture->guard,
		.runtime_directory = fixture->directory,
		.budget_ms = 5000,
		.deadline_ms = 5000,
	};
	struct freeze *freeze = freeze_begin(&plan);
	enum freeze_outcome outcome;

	freeze_go(freeze);
	outcome = freeze_wait(freeze, error);
	freeze_end(freeze);
	return outcome;
}

static bool runs(struct fixture *fixture)
{
	int state;

	g_assert_cmpint(virDomainGetState(fixture->domain, &state, NULL, 0), ==, 0);
	return state == VIR_DOMAIN_RUNNING;
}

static void test_no_guard_no_freeze(struct fixture *fixture, gconstpointer data)
{
	const struct shortage *shortage = data;
	g_autoptr(GError) error = NULL;

	kill_guard(fixture);
	shortage->take(true);
	g_assert_cmpint(freeze(fixture, &error), ==, FREEZE_FAILED);
	shortage->take(false);
	g_test_message("%s", error->message);
	g_assert_nonnull(strstr(error->message, shortage->message));
	g_assert_cmpint(num_suspends, ==, 0);
	g_assert_true(runs(fixture));
	g_assert_cmpint(freeze(fixture, NULL), ==, FREEZE_FROZEN);
	g_assert_cmpint(num_suspends, ==, 1);
	g_assert_true(guard_is_alive(fixture->guard));
	g_assert_true(runs(fixture));
}

static void test_start(struct fixture *fixture, gconstpointer data)
{
	const struct shortage *shortage = data;
	g_autoptr(GError) error = NULL;
	struct guard *guard;

	shortage->take(true);
	guard = guard_new(fixture->directory, NULL, &error);
	shortage->take(false);
	g_assert_null(guard);
	g_test_message("%s", error->message);
	g_assert_nonnull(strstr(error->message, "the freeze guard does not start: "));
	g_assert_nonnull(strstr(error->message, shortage->message));
}

static void test_analyzer(struct fixture *fixture G_GNUC_UNUSED, gconstpointer data)
{
	const struct analyzer_limits limits = {0};
	const struct shortage *shortage = data;
	struct analyzer_pool *pool = analyzer_pool_new(&limits);
	g_autoptr(GError) error = NULL;
	struct analyzer *analyzer;

	shortage->take(true);
	g_assert_false(analyzer_pool_fill(pool, 2, NULL));
	g_assert_null(analyzer_take(pool, &error));
	shortage->take(false);
	g_test_message("%s", error->message);
	g_assert_nonnull(strstr(error->message, "for the analyser")
				 ?: strstr(error->message, "starting "));
	g_assert_nonnull(strstr(error->message, shortage->message));
	analyzer = analyzer_take(pool, NULL);
	g_assert_nonnull(analyzer);
	g_free(analyzer_end(analyzer));
	analyzer_pool_free(pool);
}

static void add(const char *title, const struct shortage *shortage,
		void (*test)(struct fixture *fixture, gconstpointer data))
{
	g_autofree char *path = g_strdup_printf("/without %s %s", shortage->name, title);

	g_test_add(path, struct fixture, shortage, set_up, test, tear_down);
}

static void ignore_error(void *user_data G_GNUC_UNUSED, virErrorPtr error G_GNUC_UNUSED)
{
}

/* Reads what the daemon sends, and ends with it. */
static int stand_in(int fd)
{
	char bytes[4096];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);

	if (g_str_has_suffix(argv[0], "oopsbt-freeze-guard"))
		return stand_in(STDIN_FILENO);
	if (g_str_has_suffix(argv[0], "oopsbt-analyze"))
		return stand_in(ANALYZER_CONTROL_FD);
	g_setenv("OOPSBT_FREEZE_GUARD", self, TRUE);
	g_setenv("OOPSBT_ANALYZER", self, TRUE);
	g_test_init(&argc, &argv, NULL);
	virSetErrorFunc(NULL, ignore_error);
	for (size_t i = 0; i < G_N_ELEMENTS(shortages); i++) {
		add("no guest is frozen if the guard has died", &shortages[i],
		    test_no_guard_no_freeze);
		if (shortages[i].take == take_threads)
			continue;
		add("no guard starts", &shortages[i], test_start);
		add("no analyser starts", &shortages[i], test_analyzer);
	}
	return g_test_run();
}
