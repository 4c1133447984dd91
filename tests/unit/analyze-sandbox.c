/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests what a process can still do in the analyser's sandbox: each attempt is a child that enters
 * the real sandbox and makes one system call.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyze/sandbox.h"
#include "common/protocol.h"

#define PAGE GUEST_PAGE_SIZE
/* Guest memory: pages 10 to 49 and 60 of 100 pages. */
#define NUM_PAGES 100
#define MEMORY_FD 4
#define OTHER_FD 5
/* Far beyond 4 GiB, like QEMU's addresses. */
#define BASE ((uint64_t)0x7f12fffe8000)

static const struct guest_extent extents[] = {
	{{0}, 40 * PAGE, BASE + 10 * PAGE},
	{{(uint64_t)1 << 32}, PAGE, BASE + 60 * PAGE},
};

static const struct sandbox_limits limits = {
	.memory = (uint64_t)1 << 40, .file_size = 1 << 20, .cpu_seconds = 10};

#define LAST_SYSTEM_CALL 470
/*
 * uretprobe() and uprobe() are for the kernel only and bypass every filter; other callers get
 * SIGILL.
 */
#define FIRST_PROBE_CALL 335
#define LAST_PROBE_CALL 336

enum outcome {
	WORKS,
	FORBIDDEN,
	FAILS, /* allowed, with an error */
	ABORTS,
	OTHER,
};

struct
try {
	long call;
	long arguments[6];
};

static pid_t parent;
static uint8_t buffer[2 * GUEST_MEMORY_MAX_READ];

static void enter(enum sandbox_job job)
{
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) ||
	    dup2(sockets[0], ANALYZER_CONTROL_FD) < 0 || dup2(sockets[1], OTHER_FD) < 0)
		_exit(100);
	if (!sandbox_enter(job, &limits, NULL))
		_exit(101);
	if (job == SANDBOX_SERVE &&
	    !sandbox_narrow(MEMORY_FD, extents, G_N_ELEMENTS(extents), NULL))
		_exit(102);
}

static enum outcome outcome_of(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS    ? FORBIDDEN
		       : WTERMSIG(status) == SIGABRT ? ABORTS
						     : OTHER;
	switch (WEXITSTATUS(status)) {
	case 0:
		return WORKS;
	case EPERM: /* the result in a build with sanitizers */
		return FORBIDDEN;
	default:
		return WEXITSTATUS(status) < 100 ? FAILS : OTHER;
	}
}

static enum outcome attempt(enum sandbox_job job, const struct try *try)
{
	const long *a = try->arguments;
	pid_t child = fork();
	int status;

	g_assert_cmpint(child, >=, 0);
	if (child == 0) {
		enter(job);
		if (syscall(try->call, a[0], a[1], a[2], a[3], a[4], a[5]) != -1)
			_exit(0);
		_exit(MIN(errno, 99));
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	return outcome_of(status);
}

static void assert_forbidden(const struct try *try)
{
	enum outcome outcome = attempt(SANDBOX_SERVE, try);

	if (outcome != FORBIDDEN)
		g_error("system call %ld is not forbidden (outcome %d)", try->call, outcome);
}

static enum outcome read_memory(uint64_t page, uint64_t extra, size_t length)
{
	const struct try try = {
		SYS_pread64,
		{MEMORY_FD, (long)buffer, (long)length, (long)(BASE + page * PAGE + extra)}};

	return attempt(SANDBOX_SERVE, &try);
}

static void test_window(void)
{
	g_assert_cmpint(read_memory(10, 0, PAGE), ==, WORKS);
	g_assert_cmpint(read_memory(49, 0, PAGE), ==, WORKS);
	g_assert_cmpint(read_memory(60, 0, PAGE), ==, WORKS);
	g_assert_cmpint(read_memory(60, 0, 7), ==, WORKS);
	g_assert_cmpint(read_memory(10, 0, GUEST_MEMORY_MAX_READ), ==, WORKS);
	g_assert_cmpint(read_memory(34, 0, GUEST_MEMORY_MAX_READ), ==, WORKS);

	g_assert_cmpint(read_memory(9, 0, PAGE), ==, FORBIDDEN);
	g_assert_cmpint(read_memory(50, 0, PAGE), ==, FORBIDDEN);
	g_assert_cmpint(read_memory(59, 0, PAGE), ==, FORBIDDEN);
	g_assert_cmpint(read_memory(61, 0, PAGE), ==, FORBIDDEN);
	/* Begins inside, ends outside. */
	g_assert_cmpint(read_memory(49, 0, PAGE + 1), ==, FORBIDDEN);
	g_assert_cmpint(read_memory(49, 1, PAGE), ==, FORBIDDEN);
	g_assert_cmpint(read_memory(35, 0, GUEST_MEMORY_MAX_READ), ==, FORBIDDEN);
	g_assert_cmpint(read_memory(10, 0, GUEST_MEMORY_MAX_READ + 1), ==, FORBIDDEN);
	g_assert_cmpint(read_memory(10, 0, ((size_t)1 << 32) + 8), ==, FORBIDDEN);
	/* The offsets agree in one half only. */
	g_assert_cmpint(read_memory(10 + (1ull << 20), 0, PAGE), ==, FORBIDDEN);
	g_assert_cmpint(read_memory(10 - (1ull << 20), 0, PAGE), ==, FORBIDDEN);
}

static void test_memory_descriptor(void)
{
	static const long reading[] = {
		SYS_read, SYS_readv, SYS_preadv,	  SYS_preadv2,	 SYS_lseek,    SYS_dup,
		SYS_dup2, SYS_dup3,  SYS_fcntl,		  SYS_mmap,	 SYS_sendfile, SYS_splice,
		SYS_tee,  SYS_ioctl, SYS_copy_file_range, SYS_ftruncate, SYS_pwrite64, SYS_fstat,
	};

	for (size_t i = 0; i < G_N_ELEMENTS(reading); i++) {
		const struct try try = {reading[i], {MEMORY_FD, 0, 1, 0, MEMORY_FD, 0}};

		assert_forbidden(&try);
	}
	g_assert_cmpint(
		attempt(SANDBOX_SERVE,
			&(struct try){SYS_mmap, {0, PAGE, PROT_READ, MAP_PRIVATE, MEMORY_FD}}),
		==, FORBIDDEN);
	g_assert_cmpint(attempt(SANDBOX_SERVE, &(struct try){SYS_pread64, {OTHER_FD, 0, 0, 0}}), ==,
			FORBIDDEN);
	/* The analyser receives only from the collector. */
	g_assert_cmpint(attempt(SANDBOX_SERVE, &(struct try){SYS_recvmsg, {OTHER_FD, 0, 0}}), ==,
			FORBIDDEN);
}

/* A relayed job: memory arrives in messages. */
static void test_no_memory(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (!sandbox_enter(SANDBOX_SERVE, &limits, NULL) ||
		    !sandbox_narrow(-1, extents, G_N_ELEMENTS(extents), NULL))
			_exit(101);
		_exit(pread(MEMORY_FD, buffer, PAGE, (off_t)extents[0].file_offset) < 0 ? errno
											: 0);
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_cmpint(outcome_of(status), ==, FORBIDDEN);
}

static void test_signals(void)
{
	pid_t child = fork();
	int status;

	g_assert_cmpint(
		attempt(SANDBOX_SERVE, &(struct try){SYS_tgkill, {parent, parent, SIGCONT}}), ==,
		FORBIDDEN);
	g_assert_cmpint(attempt(SANDBOX_FILE, &(struct try){SYS_tgkill, {parent, parent, SIGCONT}}),
			==, FORBIDDEN);
	if (child == 0) {
		enter(SANDBOX_SERVE);
		abort();
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_cmpint(outcome_of(status), ==, ABORTS);
}

static void test_files(void)
{
	const struct try by_path = {SYS_newfstatat,
				    {AT_FDCWD, (long)"/etc/passwd", (long)buffer, AT_EMPTY_PATH}};
	pid_t child = fork();
	struct stat info;
	int status;

	g_assert_cmpint(attempt(SANDBOX_SERVE, &by_path), ==, FORBIDDEN);
	g_assert_cmpint(attempt(SANDBOX_FILE, &by_path), ==, FORBIDDEN);
	if (child == 0) {
		enter(SANDBOX_FILE);
		_exit(fstat(MEMORY_FD, &info));
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_cmpint(outcome_of(status), ==, WORKS);
}

static void test_priority(void)
{
	/* A process in the sandbox cannot leave a higher nice value that it was started with. */
	if (getpriority(PRIO_PROCESS, 0) > 0 && setpriority(PRIO_PROCESS, 0, 0) < 0) {
		g_test_skip("the nice value is above zero, and only root can lower it");
		return;
	}
	g_assert_cmpint(
		attempt(SANDBOX_SERVE, &(struct try){SYS_setpriority, {PRIO_PROCESS, 0, 0}}), ==,
		WORKS);
	g_assert_cmpint(
		attempt(SANDBOX_SERVE, &(struct try){SYS_setpriority, {PRIO_PROCESS, 0, -1}}), ==,
		FORBIDDEN);
	g_assert_cmpint(
		attempt(SANDBOX_SERVE, &(struct try){SYS_setpriority, {PRIO_PROCESS, parent, 0}}),
		==, FORBIDDEN);
	g_assert_cmpint(attempt(SANDBOX_SERVE, &(struct try){SYS_setpriority, {PRIO_USER, 0, 0}}),
			==, FORBIDDEN);
	g_assert_cmpint(attempt(SANDBOX_FILE, &(struct try){SYS_setpriority, {PRIO_PROCESS, 0, 0}}),
			==, FORBIDDEN);
}

/* The hard limit of that name in proc_pid_limits(5). */
static guint64 hard_limit(const char *text, const char *name)
{
	const char *line = strstr(text, name);
	unsigned long long soft, hard;

	g_assert_nonnull(line);
	g_assert_cmpint(sscanf(line + strlen(name), "%llu %llu", &soft, &hard), ==, 2);
	return hard;
}

static void test_limits(void)
{
	g_autofree char *path = NULL;
	g_autofree char *text = NULL;
	int entered[2];
	char byte;
	pid_t child;

	g_assert_cmpint(pipe(entered), ==, 0);
	child = fork();
	if (child == 0) {
		if (!sandbox_enter(SANDBOX_SERVE, &limits, NULL) || write(entered[1], "", 1) != 1)
			_exit(101);
		poll(NULL, 0, -1);
		_exit(0);
	}
	close(entered[1]);
	g_assert_cmpint(read(entered[0], &byte, 1), ==, 1);
	path = g_strdup_printf("/proc/%d/limits", (int)child);
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(entered[0]);
#ifndef __SANITIZE_ADDRESS__ /* it maps more */
	g_assert_cmpuint(hard_limit(text, "Max address space"), ==, limits.memory);
#endif
	g_assert_cmpuint(hard_limit(text, "Max file size"), ==, limits.file_size);
	g_assert_cmpuint(hard_limit(text, "Max cpu time"), ==, limits.cpu_seconds);
	g_assert_cmpuint(hard_limit(text, "Max core file size"), ==, 0);
	g_assert_cmpuint(hard_limit(text, "Max processes"), ==, 0);
}

static void test_code(void)
{
	g_assert_cmpint(attempt(SANDBOX_SERVE, &(struct try){SYS_mmap,
							     {0, PAGE, PROT_READ | PROT_EXEC,
							      MAP_PRIVATE | MAP_ANONYMOUS, -1}}),
			==, FORBIDDEN);
	g_assert_cmpint(
		attempt(SANDBOX_SERVE,
			&(struct try){SYS_mprotect, {(long)buffer & ~4095L, PAGE, PROT_EXEC}}),
		==, FORBIDDEN);
	g_assert_cmpint(attempt(SANDBOX_SERVE, &(struct try){SYS_mmap,
							     {0, PAGE, PROT_READ | PROT_WRITE,
							      MAP_PRIVATE | MAP_ANONYMOUS, -1}}),
			==, WORKS);
}

/* With arguments of zero: only the necessary system calls remain. */
static void test_all_others(void)
{
	static const long allowed[] = {
		SYS_write,	  SYS_writev,	       SYS_close,
		SYS_poll,	  SYS_ppoll,	       SYS_brk,
		SYS_mremap,	  SYS_munmap,	       SYS_madvise,
		SYS_mprotect,	  SYS_futex,	       SYS_rt_sigreturn,
		SYS_rt_sigaction, SYS_rt_sigprocmask,  SYS_sigaltstack,
		SYS_getpid,	  SYS_gettid,	       SYS_clock_gettime,
		SYS_nanosleep,	  SYS_clock_nanosleep, SYS_getrandom,
		SYS_sched_yield,  SYS_restart_syscall, SYS_sysinfo,
		SYS_exit,	  SYS_exit_group,      SYS_setpriority,
	};

	for (long call = 0; call <= LAST_SYSTEM_CALL; call++) {
		const struct try try = {call, {0}};
		bool expected = call >= FIRST_PROBE_CALL && call <= LAST_PROBE_CALL;

		for (size_t i = 0; i < G_N_ELEMENTS(allowed); i++)
			expected = expected || allowed[i] == call;
		if (!expected)
			assert_forbidden(&try);
	}
}

int main(int argc, char **argv)
{
	int memory = memfd_create("memory", 0);

	parent = getpid();
	g_test_init(&argc, &argv, NULL);
	g_assert_cmpint(ftruncate(memory, (off_t)(BASE + NUM_PAGES * PAGE)), ==, 0);
	g_assert_cmpint(dup2(memory, MEMORY_FD), ==, MEMORY_FD);
	g_test_add_func("/sandbox/only guest memory is readable", test_window);
	g_test_add_func("/sandbox/the memory descriptor allows no other access",
			test_memory_descriptor);
	g_test_add_func("/sandbox/no descriptor is readable when memory is relayed",
			test_no_memory);
	g_test_add_func("/sandbox/a process can send signals only to itself", test_signals);
	g_test_add_func("/sandbox/no path can be opened", test_files);
	g_test_add_func("/sandbox/a process can set only normal priority", test_priority);
	g_test_add_func("/sandbox/the limits are those that were given", test_limits);
	g_test_add_func("/sandbox/memory is never executable", test_code);
	g_test_add_func("/sandbox/every other system call ends the process", test_all_others);
	return g_test_run();
}
