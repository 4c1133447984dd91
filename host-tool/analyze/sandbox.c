// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "analyze/window.h"
#include "common/protocol.h"

#define NOBODY 65534
#define MAX_DESCRIPTORS 32

#if defined(__SANITIZE_ADDRESS__)
/*
 * ASan maps terabytes of shadow memory, and its reports use system calls that the filter forbids.
 * With sanitizers these calls fail and the report is made without them; otherwise they kill the
 * process.
 */
#define SANITIZED 1

/* LeakSanitizer calls this. It finds leaks by tracing its own process, which the filter forbids. */
int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
	return 1;
}
#else
#define SANITIZED 0
#endif

/* For any process. */
static const int common_calls[] = {
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(close),
	SCMP_SYS(pread64),
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
	SCMP_SYS(clock_gettime),
	SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(getrandom),
	SCMP_SYS(sched_yield),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(sysinfo), /* qsort() reads the amount of memory */
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* For libkdumpfile and libelf, on the open file. */
static const int file_calls[] = {
	SCMP_SYS(read),	 SCMP_SYS(readv), SCMP_SYS(preadv), SCMP_SYS(preadv2),
	SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(dup),
};

/* Only fstat(): glibc would use newfstatat(), which also accepts a path. */
int fstat(int fd, struct stat *status)
{
	return (int)syscall(SYS_fstat, fd, status);
}

int fstat64(int fd, struct stat64 *status)
{
	return (int)syscall(SYS_fstat, fd, status);
}

/* Keeps a lower limit. */
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

static bool set_limits(const struct sandbox_limits *limits, GError **error)
{
	return (SANITIZED || limits->memory == 0 || set_limit(RLIMIT_AS, limits->memory, error)) &&
	       set_limit(RLIMIT_CPU, limits->cpu_seconds, error) &&
	       set_limit(RLIMIT_FSIZE, limits->file_size, error) &&
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

static int allow_calls(scmp_filter_ctx filter, const int *calls, size_t num_calls)
{
	int status = 0;

	for (size_t i = 0; !status && i < num_calls; i++)
		status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	return status;
}

static int allow_if(scmp_filter_ctx filter, int call, struct scmp_arg_cmp condition)
{
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &condition);
}

static int add_common_rules(scmp_filter_ctx filter)
{
	int status = allow_calls(filter, common_calls, G_N_ELEMENTS(common_calls));

	/* abort(): a signal to this process only, not to others of the same user. */
	if (!status)
		status = allow_if(filter, SCMP_SYS(tgkill),
				  SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)getpid()));
	if (!status)
		status = allow_if(filter, SCMP_SYS(mprotect),
				  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return status;
}

/* Allows sandbox_lower_priority() only: no other process, value or group. */
static int allow_usual_priority(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(setpriority), 3,
				SCMP_A0(SCMP_CMP_EQ, PRIO_PROCESS), SCMP_A1_32(SCMP_CMP_EQ, 0),
				SCMP_A2_32(SCMP_CMP_EQ, 0));
}

/* Memory that is never executable and not of another process. */
static int add_serve_rules(scmp_filter_ctx filter)
{
	int status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
				      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
				      SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));

	if (!status)
		status = allow_usual_priority(filter);
	if (!status)
		status = allow_if(filter, SCMP_SYS(recvmsg),
				  SCMP_A0_32(SCMP_CMP_EQ, ANALYZER_CONTROL_FD));
	if (!status)
		status = allow_if(filter, SCMP_SYS(sendmsg),
				  SCMP_A0_32(SCMP_CMP_EQ, ANALYZER_CONTROL_FD));
	/* for the second filter, which then forbids it */
	if (!status)
		status = allow_if(filter, SCMP_SYS(seccomp),
				  SCMP_A0_32(SCMP_CMP_EQ, SECCOMP_SET_MODE_FILTER));
	return status;
}

static int add_file_rules(scmp_filter_ctx filter)
{
	int status = allow_calls(filter, file_calls, G_N_ELEMENTS(file_calls));

	if (!status)
		status =
			allow_if(filter, SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* Allows reading a descriptor's flags, not setting them. */
	if (!status)
		status = allow_if(filter, SCMP_SYS(fcntl), SCMP_A1_32(SCMP_CMP_EQ, F_GETFD));
	if (!status)
		status = allow_if(filter, SCMP_SYS(fcntl), SCMP_A1_32(SCMP_CMP_EQ, F_GETFL));
	return status;
}

static bool filter_calls(enum sandbox_job job, GError **error)
{
	scmp_filter_ctx filter =
		seccomp_init(SANITIZED ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS);
	int status = filter ? add_common_rules(filter) : -ENOMEM;

	if (!status)
		status = job == SANDBOX_SERVE ? add_serve_rules(filter) : add_file_rules(filter);
	if (!status)
		status = seccomp_load(filter);
	seccomp_release(filter);
	if (!status)
		return true;
	g_set_error(error, G_IO_ERROR, g_io_error_from_errno(-status),
		    "cannot install the system call filter: %s", g_strerror(-status));
	return false;
}

/* GLib reads a file of character sets when it first formats an errno. */
static void prepare_messages(void)
{
	g_get_charset(NULL);
}

bool sandbox_enter(enum sandbox_job job, const struct sandbox_limits *limits, GError **error)
{
	prepare_messages();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)) {
		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
			    "cannot forgo new privileges: %s", g_strerror(errno));
		return false;
	}
	return drop_root(error) && set_limits(limits, error) && filter_calls(job, error);
}

/* One that is lower already may stay so: then this fails, and nobody minds. */
void sandbox_lower_priority(void)
{
	setpriority(PRIO_PROCESS, 0, 0);
}

bool sandbox_narrow(int memory_fd, const struct guest_extent *extents, size_t num_extents,
		    GError **error)
{
	g_autoptr(GArray) program =
		window_program(memory_fd, extents, num_extents,
			       SANITIZED ? SECCOMP_RET_ERRNO | EPERM : SECCOMP_RET_KILL_PROCESS);
	const struct sock_fprog filter = {
		.len = (unsigned short)program->len,
		.filter = (struct sock_filter *)program->data,
	};

	if (!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter))
		return true;
	g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
		    "cannot narrow the system call filter: %s", g_strerror(errno));
	return false;
}
