/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One job of the analyser in its sandbox. This process is the collector. The guest's memory is all
 * zeros, so the analyser finds no kernel.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyze/live.h"
#include "analyze/sandbox.h"
#include "common/context.h"
#include "common/protocol.h"

#define MEMORY_SIZE (1u << 20)
#define WAIT_MS 60000
/* The priority of oopsbtd, from its unit. */
#define HIGH_PRIORITY (-10)

struct analyser {
	pid_t pid;
	int socket;
};

static const struct sandbox_limits limits = {
	.memory = (uint64_t)1 << 40, .file_size = 1 << 20, .cpu_seconds = 60};

static void serve(int socket)
{
	g_autoptr(GError) error = NULL;

	if (dup2(socket, ANALYZER_CONTROL_FD) < 0 || !sandbox_enter(SANDBOX_SERVE, &limits, NULL))
		_exit(EXIT_FAILURE);
	live_serve(ANALYZER_CONTROL_FD, &error);
	_exit(EXIT_SUCCESS);
}

static void send_message(const struct analyser *analyser, enum protocol_type type,
			 const char *payload, int fd)
{
	g_autoptr(GError) error = NULL;

	protocol_send(analyser->socket, type, payload, strlen(payload), &fd, fd < 0 ? 0 : 1,
		      &error);
	g_assert_no_error(error);
}

/* Waits for a message of this type. */
static void await_message(const struct analyser *analyser, enum protocol_type type)
{
	g_autoptr(GError) error = NULL;
	struct protocol_message message;
	enum protocol_type came;

	do {
		protocol_receive(analyser->socket, PROTOCOL_MAX_REPLY, WAIT_MS, &message, &error);
		g_assert_no_error(error);
		came = message.type;
		protocol_message_clear(&message);
	} while (came != type);
}

static void begin(struct analyser *analyser, enum job_kind kind)
{
	const struct guest_extent extent = {gpa(0), MEMORY_SIZE, 0};
	struct job job = {.kind = kind};
	int memory = memfd_create("memory", MFD_CLOEXEC);
	g_autofree char *json = NULL;
	int pair[2];

	g_assert_cmpint(ftruncate(memory, MEMORY_SIZE), ==, 0);
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
	analyser->socket = pair[0];
	analyser->pid = fork();
	g_assert_cmpint(analyser->pid, >=, 0);
	if (analyser->pid == 0) {
		close(pair[0]); /* or it would not see that the other side ends */
		serve(pair[1]);
	}
	close(pair[1]);
	job.extents = g_array_new(FALSE, FALSE, sizeof(extent));
	g_array_append_val(job.extents, extent);
	json = job_to_json(&job);
	job_clear(&job);
	send_message(analyser, PROTOCOL_JOB, json, memory);
	close(memory);
	await_message(analyser, PROTOCOL_READY);
}

static void end(struct analyser *analyser)
{
	int status;

	close(analyser->socket);
	g_assert_cmpint(waitpid(analyser->pid, &status, 0), ==, analyser->pid);
	g_assert_cmpint(status, ==, 0);
}

static int priority_of(const struct analyser *analyser)
{
	return getpriority(PRIO_PROCESS, (id_t)analyser->pid);
}

/* Returns false if the user of the test has no permission. */
static bool raise_priority(void)
{
	if (setpriority(PRIO_PROCESS, 0, HIGH_PRIORITY) == 0)
		return true;
	g_test_skip("a priority cannot be raised");
	return false;
}

static void test_collection(void)
{
	const struct report_collection none = {0};
	g_autofree char *thawed = collection_to_json(&none);
	struct analyser analyser;

	if (!raise_priority())
		return;
	begin(&analyser, JOB_COLLECT);
	send_message(&analyser, PROTOCOL_FROZEN, "", -1);
	await_message(&analyser, PROTOCOL_CAPTURED);
	g_assert_cmpint(priority_of(&analyser), ==, HIGH_PRIORITY);
	send_message(&analyser, PROTOCOL_THAWED, thawed, -1);
	await_message(&analyser, PROTOCOL_ANALYSED);
	g_assert_cmpint(priority_of(&analyser), ==, 0);
	end(&analyser);
}

static void test_map(void)
{
	struct analyser analyser;
	siginfo_t info;

	if (!raise_priority())
		return;
	begin(&analyser, JOB_MAP);
	g_assert_cmpint(priority_of(&analyser), ==, HIGH_PRIORITY);
	send_message(&analyser, PROTOCOL_FROZEN, "", -1);
	/* The analyser ends because there is no kernel. WNOWAIT leaves it as a zombie. */
	g_assert_cmpint(waitid(P_PID, (id_t)analyser.pid, &info, WEXITED | WNOWAIT), ==, 0);
	g_assert_cmpint(priority_of(&analyser), ==, 0);
	end(&analyser);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/live/the analyser has the daemon's priority until the guest is thawed",
			test_collection);
	g_test_add_func("/live/a search for a kernel runs with normal priority", test_map);
	return g_test_run();
}
