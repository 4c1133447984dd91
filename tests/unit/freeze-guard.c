/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A freeze guard that gets no threads, and one whose end of a migration comes too late. A process
 * is the guard; functions of this file answer for libvirt.
 */
#include "freeze-guard/serve.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <libvirt/libvirt.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "freeze-guard/message.h"
#include "freeze-guard/record.h"
#include "freeze-guard/thaw.h"

#define HUNG "11111111-105b-4e48-9f59-59714254336a"
#define FREE "22222222-105b-4e48-9f59-59714254336a"
#define MOVED "33333333-105b-4e48-9f59-59714254336a"
#define URI "test:///default"
#define TIMEOUT_MS 20000
/* The first thread is the one that waits from the start on. */
#define FIRST_WITHOUT 2
#define LAST_WITHOUT 4

static bool threads_are_short; /* in the guard */
static int say_fd, hold_fd;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
		   void *argument)
{
	static int calls;
	int call = threads_are_short ? g_atomic_int_add(&calls, 1) + 1 : 0;
	__typeof__(&pthread_create) real = dlsym(RTLD_NEXT, "pthread_create");

	if (call >= FIRST_WITHOUT && call <= LAST_WITHOUT)
		return EAGAIN;
	return real(thread, attributes, start, argument);
}

/* libvirt ends the migration of MOVED without an error, but QEMU has completed it. */
static enum freeze_event thaw_moved(const char **ended, const char **left, GError **error)
{
	static int calls;

	if (calls++ > 0) {
		*left = "is gone";
		return FREEZE_EVENT_GONE;
	}
	*ended = "migration";
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "domain is not running");
	return FREEZE_EVENT_FAILED;
}

/* Tells the test which guest is worked on. The work on HUNG ends when the test closes hold_fd. */
enum freeze_event freeze_thaw_try(virConnectPtr connection G_GNUC_UNUSED, const char *uuid,
				  int domain_id G_GNUC_UNUSED, const char **ended,
				  const char **left, GError **error)
{
	char byte;

	g_assert_cmpint(write(say_fd, uuid, 1), ==, 1);
	if (strcmp(uuid, MOVED) == 0)
		return thaw_moved(ended, left, error);
	if (strcmp(uuid, HUNG) == 0)
		g_assert_cmpint(read(hold_fd, &byte, 1), ==, 0);
	return FREEZE_EVENT_RESUMED;
}

bool freeze_thaw_qemu_runs(virConnectPtr connection G_GNUC_UNUSED, const char *uuid G_GNUC_UNUSED)
{
	return true;
}

struct fixture {
	char *directory;
	pid_t guard;
	int socket;
	int said_fd;   /* the first letters of the guests that are worked on */
	int let_go_fd; /* closed: the work on HUNG ends */
	int log_fd;    /* what the guard logs */
};

static void be_guard(const char *directory, int socket)
{
	struct log *log = log_new("freeze-guard", false);

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* if the test fails */
	dup2(socket, STDIN_FILENO);
	close(socket);
	threads_are_short = true;
	guard_serve(directory, URI, log);
	_exit(0);
}

static void set_up(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	int sockets[2], said[2], hold[2];

	fixture->directory = g_dir_make_tmp("oopsbt-freeze-guard-XXXXXX", NULL);
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), ==, 0);
	g_assert_cmpint(pipe2(said, O_CLOEXEC), ==, 0);
	g_assert_cmpint(pipe2(hold, O_CLOEXEC), ==, 0);
	fixture->log_fd = memfd_create("log", 0);
	g_assert_cmpint(fixture->log_fd, >=, 0);
	fixture->guard = fork();
	if (fixture->guard == 0) {
		dup2(fixture->log_fd, STDERR_FILENO);
		close(sockets[0]);
		close(hold[1]);
		say_fd = said[1];
		hold_fd = hold[0];
		be_guard(fixture->directory, sockets[1]);
	}
	g_assert_cmpint(fixture->guard, >, 0);
	close(sockets[1]);
	close(said[1]);
	close(hold[0]);
	fixture->socket = sockets[0];
	fixture->said_fd = said[0];
	fixture->let_go_fd = hold[1];
}

/* The guard must end well. */
static void end(struct fixture *fixture)
{
	int status;

	close(fixture->let_go_fd);
	close(fixture->socket);
	g_assert_cmpint(waitpid(fixture->guard, &status, 0), ==, fixture->guard);
	g_assert_cmpint(status, ==, 0);
	fixture->guard = 0;
}

/* No record must be left. */
static void tear_down(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	g_autofree char *frozen = g_build_filename(fixture->directory, "frozen", NULL);

	if (fixture->guard)
		end(fixture);
	close(fixture->said_fd);
	close(fixture->log_fd);
	g_assert_cmpint(g_rmdir(frozen), ==, 0);
	g_assert_cmpint(g_rmdir(fixture->directory), ==, 0);
	g_free(fixture->directory);
}

/* Hands a guest over that was frozen. */
static FreezeRecord *give(struct fixture *fixture, const char *uuid)
{
	g_autoptr(GError) error = NULL;
	FreezeRecord *record = freeze_record_new(fixture->directory, uuid, 1, URI, &error);
	static const enum freeze_event events[] = {FREEZE_EVENT_ANSWERED, FREEZE_EVENT_GIVEN};
	struct guard_message message = {.within_ms = 10000, .domain_id = 1};

	g_assert_no_error(error);
	message.token = record->token;
	g_strlcpy(message.uuid, uuid, sizeof(message.uuid));
	for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
		message.event = events[i];
		g_assert_cmpint(send(fixture->socket, &message, sizeof(message), 0), ==,
				sizeof(message));
	}
	return record;
}

/* The first letter of the next guest that is worked on; '\0': none. */
static char next_worked_on(struct fixture *fixture)
{
	struct pollfd said = {.fd = fixture->said_fd, .events = POLLIN};
	char letter;

	if (poll(&said, 1, TIMEOUT_MS) != 1 || read(fixture->said_fd, &letter, 1) != 1)
		return '\0';
	return letter;
}

static void test_starved(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	g_autoptr(FreezeRecord) hung = give(fixture, HUNG);
	g_autoptr(FreezeRecord) free = NULL;

	g_assert_cmpint(next_worked_on(fixture), ==, *HUNG);
	free = give(fixture, FREE);
	g_assert_cmpint(next_worked_on(fixture), ==, *FREE);
}

static char *logged(const struct fixture *fixture)
{
	char *text = g_malloc0(4096);

	g_assert_cmpint(pread(fixture->log_fd, text, 4095, 0), >, 0);
	return text;
}

static void test_moved(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	g_autoptr(FreezeRecord) moved = give(fixture, MOVED);
	g_autofree char *text = NULL;

	g_assert_cmpint(next_worked_on(fixture), ==, *MOVED);
	g_assert_cmpint(next_worked_on(fixture), ==, *MOVED);
	end(fixture);
	text = logged(fixture);
	g_assert_nonnull(strstr(text, "is gone"));
	g_assert_null(strstr(text, "ended the migration"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/when threads are there again, a hung guest does not delay another",
		   struct fixture, NULL, set_up, test_starved, tear_down);
	g_test_add("/a migration that was over before it could be ended was not ended",
		   struct fixture, NULL, set_up, test_moved, tear_down);
	return g_test_run();
}
