/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the stall watch reads in guest memory, which is a file here. Most guests' vCPU has no
 * thread. */
#include "daemon/stall_watch.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/protocol.h"

#define MEMORY_SIZE 4096
#define HUNG_COUNT 0x100
#define WARNINGS 0x110
#define SUSPENDED 0x118
#define VOLUNTARY 0x200
#define FORCED 0x208
#define PID 0x210

static struct layout *make_layout(void)
{
	struct layout *layout = g_new0(struct layout, 1);
	const struct guest_extent extent = {.length = MEMORY_SIZE};

	layout->pid = getpid();
	layout->memory_fd = memfd_create("guest", MFD_CLOEXEC);
	g_assert_cmpint(layout->memory_fd, >=, 0);
	g_assert_cmpint(ftruncate(layout->memory_fd, MEMORY_SIZE), ==, 0);
	layout->extents = g_array_new(FALSE, FALSE, sizeof(struct guest_extent));
	g_array_append_val(layout->extents, extent);
	return layout;
}

static void free_layout(struct layout *layout)
{
	close(layout->memory_fd);
	g_array_unref(layout->extents);
	g_free(layout);
}

static void put(const struct layout *layout, uint64_t address, uint64_t value)
{
	g_assert_cmpint(pwrite(layout->memory_fd, &value, sizeof(value), (off_t)address), ==,
			sizeof(value));
}

static GBytes *make_places(void)
{
	struct {
		struct protocol_stall head;
		struct protocol_stall_cpu cpu;
	} places = {
		.head = {.hung_count = HUNG_COUNT,
			 .warnings = WARNINGS,
			 .suspended = SUSPENDED,
			 .num_cpus = 1},
	};

	return g_bytes_new(&places, sizeof(places));
}

static struct stall_watch *make_watch(const struct layout *layout)
{
	g_autoptr(GBytes) places = make_places();
	struct stall_watch *watch = stall_watch_new(places, layout);

	g_assert_nonnull(watch);
	return watch;
}

static enum stall_event look(struct stall_watch *watch, const struct layout *layout,
			     struct stall_finding *finding)
{
	return stall_watch_look(watch, layout, &STALL_LIMITS_DEFAULT, finding);
}

/* Reads all values now, whatever is due. */
static enum stall_event look_at_all(struct stall_watch *watch, const struct layout *layout,
				    struct stall_finding *finding)
{
	bool known;

	return stall_watch_guest_told(watch, layout, &STALL_LIMITS_DEFAULT, &known, finding);
}

static void follow(struct stall_watch *watch, const struct protocol_blocked *tasks, size_t size)
{
	g_autoptr(GBytes) blocked = g_bytes_new(tasks, size);

	stall_watch_follow(watch, blocked);
}

static void test_hung_task(void)
{
	struct layout *layout = make_layout();
	struct stall_watch *watch = make_watch(layout);
	const struct protocol_blocked task = {
		.voluntary = VOLUNTARY,
		.forced = FORCED,
		.pid_address = PID,
		.switches = 7,
		.pid = 123,
		.for_ns = UINT64_C(130) * 1000000000,
	};
	g_autofree char *text = NULL;
	struct stall_finding finding;

	put(layout, VOLUNTARY, 5);
	put(layout, FORCED, 2);
	put(layout, PID, UINT64_C(1) << 32 | 123); /* a neighbour follows */
	g_assert_cmpint(look(watch, layout, &finding), ==, STALL_NONE);
	put(layout, HUNG_COUNT, 1);
	g_assert_cmpint(look(watch, layout, &finding), ==, STALL_BEGAN);
	g_assert_cmpint(finding.incident, ==, INCIDENT_HUNG_TASK);
	follow(watch, &task, sizeof(task));
	put(layout, HUNG_COUNT, 2);
	g_assert_cmpint(look(watch, layout, &finding), ==, STALL_NONE);
	/* The next daemon loads this. */
	text = stall_watch_to_text(watch);
	stall_watch_free(watch);
	watch = make_watch(layout);
	stall_watch_recall(watch, text);
	for (unsigned int i = 0; i < 3; i++) {
		put(layout, HUNG_COUNT, 3 + i);
		g_assert_cmpint(look(watch, layout, &finding), ==, STALL_NONE);
	}
	put(layout, FORCED, 3);
	g_assert_cmpint(look(watch, layout, &finding), ==, STALL_ENDED);
	g_assert_cmpstr(finding.evidence, ==, "what was blocked ran on after 130 s");
	/* Something else uses this memory now. */
	put(layout, FORCED, 2);
	g_assert_cmpint(look(watch, layout, &finding), ==, STALL_NONE);
	stall_watch_free(watch);
	free_layout(layout);
}

/* The task has ended, and another one has its memory, with the same counts of switches. */
static void test_another_task(void)
{
	struct layout *layout = make_layout();
	struct stall_watch *watch = make_watch(layout);
	const struct protocol_blocked task = {
		.voluntary = VOLUNTARY, .forced = FORCED, .pid_address = PID, .pid = 123};
	struct stall_finding finding;

	put(layout, PID, 123);
	g_assert_cmpint(look(watch, layout, &finding), ==, STALL_NONE);
	put(layout, HUNG_COUNT, 1);
	g_assert_cmpint(look(watch, layout, &finding), ==, STALL_BEGAN);
	follow(watch, &task, sizeof(task));
	g_assert_cmpint(look(watch, layout, &finding), ==, STALL_NONE);
	put(layout, PID, 124);
	g_assert_cmpint(look(watch, layout, &finding), ==, STALL_ENDED);
	stall_watch_free(watch);
	free_layout(layout);
}

/* The analyser may send anything. */
static void test_no_tasks(void)
{
	static const struct protocol_blocked tasks[PROTOCOL_MAX_BLOCKED + 1];
	struct protocol_blocked far = {
		.voluntary = UINT64_MAX - 3, .forced = 1, .for_ns = UINT64_MAX};
	struct layout *layout = make_layout();
	struct stall_watch *watch = make_watch(layout);
	struct stall_finding finding;

	g_assert_cmpint(look(watch, layout, &finding), ==, STALL_NONE);
	stall_watch_follow(watch, NULL);
	follow(watch, tasks, 0);
	follow(watch, tasks, sizeof(tasks[0]) - 1);
	follow(watch, tasks, sizeof(tasks));
	/* None of these was watched, so the next one is new. */
	put(layout, HUNG_COUNT, 1);
	g_assert_cmpint(look(watch, layout, &finding), ==, STALL_BEGAN);
	follow(watch, &far, sizeof(far));
	g_assert_cmpint(look(watch, layout, &finding), ==, STALL_ENDED);
	/* Ten years at most. */
	g_assert_cmpstr(finding.evidence, ==, "what was blocked ran on after 315360000 s");
	stall_watch_free(watch);
	free_layout(layout);
}

static void test_places(void)
{
	static const struct {
		uint32_t num_cpus, number;
		bool valid;
	} cases[] = {
		{PROTOCOL_STALL_MAX_CPUS, 0, true},
		{PROTOCOL_STALL_MAX_CPUS + 1, 0, false},
		{1, STALL_MAX_CPUS - 1, true},
		{1, STALL_MAX_CPUS, false},
		{0, 0, false},
	};
	struct layout *layout = make_layout();

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		gsize size = sizeof(struct protocol_stall) +
			     cases[i].num_cpus * sizeof(struct protocol_stall_cpu);
		struct protocol_stall *places = g_malloc0(size);
		struct stall_watch *watch;
		GBytes *bytes;

		places->num_cpus = cases[i].num_cpus;
		if (places->num_cpus)
			places->cpus[0].number = cases[i].number;
		bytes = g_bytes_new_take(places, size);
		watch = stall_watch_new(bytes, layout);
		g_test_message("case %zu", i);
		g_assert_true(cases[i].valid == (watch != NULL));
		stall_watch_free(watch);
		g_bytes_unref(bytes);
	}
	free_layout(layout);
}

static void test_lacks_cpus(void)
{
	static const struct {
		uint32_t num_cpus, num_vcpus;
		bool lacks;
	} cases[] = {{0, 4, true}, {1, 4, true}, {4, 4, false}, {1, 0, false}};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct protocol_stall places = {.num_cpus = cases[i].num_cpus,
						      .num_vcpus = cases[i].num_vcpus};
		GBytes *bytes = g_bytes_new(&places, sizeof(places));
		GBytes *part = g_bytes_new(&places, sizeof(places) - 1);

		g_assert_true(stall_watch_lacks_cpus(bytes) == cases[i].lacks);
		g_assert_false(stall_watch_lacks_cpus(part));
		g_bytes_unref(bytes);
		g_bytes_unref(part);
	}
}

/* The process ends and its memory cannot be read any more: this ends no hang. */
static void test_gone(void)
{
	struct layout *layout = make_layout();
	struct stall_watch *watch = make_watch(layout);
	const struct protocol_blocked task = {
		.voluntary = VOLUNTARY, .forced = FORCED, .pid_address = PID};
	struct stall_finding finding;

	g_assert_cmpint(look(watch, layout, &finding), ==, STALL_NONE);
	put(layout, HUNG_COUNT, 1);
	g_assert_cmpint(look(watch, layout, &finding), ==, STALL_BEGAN);
	follow(watch, &task, sizeof(task));
	g_assert_cmpint(ftruncate(layout->memory_fd, 0), ==, 0);
	for (unsigned int i = 0; i < 3; i++)
		g_assert_cmpint(look(watch, layout, &finding), ==, STALL_NONE);
	stall_watch_free(watch);
	free_layout(layout);
}

static void test_suspended(void)
{
	struct layout *layout = make_layout();
	struct stall_watch *watch = make_watch(layout);
	struct stall_finding finding;

	g_assert_cmpint(look(watch, layout, &finding), ==, STALL_NONE);
	put(layout, WARNINGS, 1);
	put(layout, SUSPENDED, 1);
	g_assert_cmpint(look(watch, layout, &finding), ==, STALL_NONE);
	put(layout, SUSPENDED, 0);
	g_assert_cmpint(look(watch, layout, &finding), ==, STALL_NONE);
	put(layout, WARNINGS, 2);
	g_assert_cmpint(look(watch, layout, &finding), ==, STALL_BEGAN);
	g_assert_cmpint(finding.incident, ==, INCIDENT_WARNING);
	stall_watch_free(watch);
	free_layout(layout);
}

/* A process whose only thread is named like vCPU 0's. */
static pid_t start_qemu(void)
{
	int named[2];
	char byte;
	pid_t pid;

	g_assert_cmpint(pipe(named), ==, 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "CPU 0/TCG");
		close(named[1]);
		for (;;)
			pause();
	}
	close(named[1]);
	g_assert_cmpint(read(named[0], &byte, 1), ==, 0);
	close(named[0]);
	return pid;
}

static void send(pid_t qemu, int signal, int until)
{
	siginfo_t info;

	kill(qemu, signal);
	g_assert_cmpint(waitid(P_PID, (id_t)qemu, &info, until), ==, 0);
}

/* A signal or a debugger has stopped QEMU. */
static void test_stopped(void)
{
	struct layout *layout = make_layout();
	struct stall_finding finding;
	struct stall_watch *watch;

	layout->pid = start_qemu();
	watch = make_watch(layout);
	g_assert_cmpint(look(watch, layout, &finding), ==, STALL_NONE);
	send(layout->pid, SIGSTOP, WSTOPPED);
	/* The state of a thread that has run meanwhile is not read. */
	g_assert_cmpint(look_at_all(watch, layout, &finding), ==, STALL_NONE);
	put(layout, WARNINGS, 1);
	g_assert_cmpint(look_at_all(watch, layout, &finding), ==, STALL_NONE);
	send(layout->pid, SIGCONT, WCONTINUED);
	g_assert_cmpint(look_at_all(watch, layout, &finding), ==, STALL_NONE);
	put(layout, WARNINGS, 2);
	g_assert_cmpint(look_at_all(watch, layout, &finding), ==, STALL_BEGAN);
	g_assert_cmpint(finding.incident, ==, INCIDENT_WARNING);
	send(layout->pid, SIGKILL, WEXITED);
	stall_watch_free(watch);
	free_layout(layout);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/stall-watch/a hung task ends when its counts of switches move",
			test_hung_task);
	g_test_add_func("/stall-watch/a hung task ends when another task has its memory",
			test_another_task);
	g_test_add_func("/stall-watch/invalid tasks are not watched", test_no_tasks);
	g_test_add_func("/stall-watch/CPUs that had not started are missing", test_lacks_cpus);
	g_test_add_func("/stall-watch/invalid places are rejected", test_places);
	g_test_add_func("/stall-watch/the end of the process is not the end of a hang", test_gone);
	g_test_add_func("/stall-watch/a suspended guest is not examined", test_suspended);
	g_test_add_func("/stall-watch/a guest whose QEMU is stopped is not examined", test_stopped);
	return g_test_run();
}
