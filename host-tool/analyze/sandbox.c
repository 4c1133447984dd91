// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <grp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define NOBODY 65534
#define MAX_ADDRESS_SPACE (1ull << 30)
#define MAX_CPU_S 20
#define MAX_FILE_BYTES (512ull << 20)
#define MAX_DESCRIPTORS 32

#if defined(__SANITIZE_ADDRESS__)
/* ASan maps terabytes of shadow, and its reports need system calls of their own. */
#define SANITIZED 1

/* LeakSanitizer asks. It looks for leaks by tracing its own process, which the filter forbids. */
int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
	return 1;
}
#else
#define SANITIZED 0
#endif

static const int allowed_calls[] = {
	SCMP_SYS(read),
	SCMP_SYS(pread64),
	SCMP_SYS(readv),
	SCMP_SYS(preadv),
	SCMP_SYS(preadv2),
	SCMP_SYS(write),
	SCMP_SYS(pwrite64),
	SCMP_SYS(writev),
	SCMP_SYS(pwritev),
	SCMP_SYS(pwritev2),
	SCMP_SYS(lseek),
	SCMP_SYS(close),
	SCMP_SYS(ftruncate),
	SCMP_SYS(fstat),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendto),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(brk),
	SCMP_SYS(mremap),
	SCMP_SYS(munmap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(tgkill),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(getrandom),
	SCMP_SYS(sched_yield),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(dup),
};

/* A lower limit that the collector has set already stays. */
static bool set_limit(__rlimit_resource_t resource, uint64_t value, GError **error)
{
	struct rlimit limit;

	if (!getrlimit(resource, &limit)) {
		limit.rlim_max = MIN(limit.rlim_max, value);
		limit.rlim_cur = limit.rlim_max;
		if (!setrlimit(resource, &limit))
			return true;
	}
	g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
		    "cannot set a resource limit: %s", g_strerror(errno));
	return false;
}

static bool set_limits(GError **error)
{
	return (SANITIZED || set_limit(RLIMIT_AS, MAX_ADDRESS_SPACE, error)) &&
	       set_limit(RLIMIT_CPU, MAX_CPU_S, error) &&
	       set_limit(RLIMIT_FSIZE, MAX_FILE_BYTES, error) &&
	       set_limit(RLIMIT_NOFILE, MAX_DESCRIPTORS, error) &&
	       set_limit(RLIMIT_CORE, 0, error) && set_limit(RLIMIT_NPROC, 0, error);
}

static bool drop_root(GError **error)
{
	if (geteuid() != 0)
		return true;
	if (!setgroups(0, NULL) && !setresgid(NOBODY, NOBODY, NOBODY) &&
	    !setresuid(NOBODY, NOBODY, NOBODY))
		return true;
	g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "cannot give up root: %s",
		    g_strerror(errno));
	return false;
}

static int add_rules(scmp_filter_ctx filter)
{
	int status = 0;

	for (size_t i = 0; !status && i < G_N_ELEMENTS(allowed_calls); i++)
		status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_calls[i], 0);
	/* fstat() is newfstatat(fd, "", ..., AT_EMPTY_PATH) in glibc: only without a path. */
	if (!status)
		status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
					  SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH));
	/* Memory, never executable. */
	if (!status)
		status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
					  SCMP_A2(SCMP_CMP_MASKED_EQ, 4 /* PROT_EXEC */, 0));
	if (!status)
		status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
					  SCMP_A2(SCMP_CMP_MASKED_EQ, 4 /* PROT_EXEC */, 0));
	/* Asking for flags, not setting what a descriptor does. */
	if (!status)
		status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
					  SCMP_A1(SCMP_CMP_EQ, F_GETFL));
	return status;
}

static bool filter_calls(GError **error)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int status = filter ? add_rules(filter) : -ENOMEM;

	if (!status)
		status = seccomp_load(filter);
	seccomp_release(filter);
	if (!status)
		return true;
	g_set_error(error, G_IO_ERROR, g_io_error_from_errno(-status),
		    "cannot install the system call filter: %s", g_strerror(-status));
	return false;
}

bool sandbox_enter(GError **error)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)) {
		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
			    "cannot forgo new privileges: %s", g_strerror(errno));
		return false;
	}
	return drop_root(error) && set_limits(error) && filter_calls(error);
}
