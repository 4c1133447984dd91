/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A library for LD_PRELOAD: lets calls fail. The file $FAIL_CALLS/PROGRAM/FUNCTION says how:
 *
 *	SKIP [TIMES [DELAY_MS]]		SKIP calls succeed, the next TIMES (1) fail after the delay
 *(0)
 *
 * The last failing call removes the file. A libvirt function fails because it is called with NULL
 *or an unknown URI instead of its first argument, so the error is one of libvirt's own. All its
 * functions have at most eight arguments, each in a register or one word of the stack.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/* Reads and updates the file. */
static bool count(int fd, const char *path, unsigned int *delay_ms)
{
	unsigned int skip = 0, times = 1;
	char text[64] = "";
	int length;

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0 || access(path, F_OK) < 0)
		return false; /* another thread has used it */
	sscanf(text, "%u %u %u", &skip, &times, delay_ms);
	if (skip == 0 && times == 1) {
		unlink(path);
		return true;
	}
	length = snprintf(text, sizeof(text), "%u %u %u\n", skip ? skip - 1 : 0,
			  skip ? times : times - 1, *delay_ms);
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)length, 0) < 0)
		abort();
	return skip == 0;
}

static bool fails(const char *function)
{
	const char *folder = getenv("FAIL_CALLS");
	unsigned int delay_ms = 0;
	char path[4096];
	bool result;
	int fd;

	snprintf(path, sizeof(path), "%s/%s/%s", folder ? folder : "",
		 program_invocation_short_name, function);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	flock(fd, LOCK_EX);
	result = count(fd, path, &delay_ms);
	close(fd);
	if (result && delay_ms)
		nanosleep(&(struct timespec){delay_ms / 1000, delay_ms % 1000 * 1000000L}, NULL);
	return result;
}

#define REAL(name) dlsym(RTLD_NEXT, #name)

#define VIRT(name, wrong)                                                                          \
	long name(long a, long b, long c, long d, long e, long f, long g, long h);                 \
	long name(long a, long b, long c, long d, long e, long f, long g, long h)                  \
	{                                                                                          \
		long (*real)(long, long, long, long, long, long, long, long) = REAL(name);         \
                                                                                                   \
		return real(fails(#name) ? (long)(wrong) : a, b, c, d, e, f, g, h);                \
	}

VIRT(virConnectDomainEventDeregisterAny, NULL)
VIRT(virConnectDomainEventRegisterAny, NULL)
VIRT(virConnectDomainQemuMonitorEventDeregister, NULL)
VIRT(virConnectDomainQemuMonitorEventRegister, NULL)
VIRT(virConnectGetLibVersion, NULL)
VIRT(virConnectGetURI, NULL)
VIRT(virConnectIsAlive, NULL)
VIRT(virConnectListAllDomains, NULL)
VIRT(virConnectOpenAuth, "fails:///")
VIRT(virConnectRegisterCloseCallback, NULL)
VIRT(virConnectSetKeepAlive, NULL)
VIRT(virConnectUnregisterCloseCallback, NULL)
VIRT(virDomainAbortJob, NULL)
VIRT(virDomainCoreDumpWithFormat, NULL)
VIRT(virDomainGetJobStats, NULL)
VIRT(virDomainGetMetadata, NULL)
VIRT(virDomainGetState, NULL)
VIRT(virDomainHasManagedSaveImage, NULL)
VIRT(virDomainInjectNMI, NULL)
VIRT(virDomainIsActive, NULL)
VIRT(virDomainLookupByUUIDString, NULL)
VIRT(virDomainManagedSaveDefineXML, NULL)
VIRT(virDomainManagedSaveGetXMLDesc, NULL)
VIRT(virDomainMemoryPeek, NULL)
VIRT(virDomainQemuMonitorCommand, NULL)
VIRT(virDomainResume, NULL)
VIRT(virDomainSuspend, NULL)

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		const posix_spawnattr_t *attributes, char *const argv[], char *const environment[])
{
	__typeof__(&posix_spawn) real = REAL(posix_spawn);

	return fails("posix_spawn") ? EAGAIN
				    : real(pid, path, actions, attributes, argv, environment);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
		   void *argument)
{
	__typeof__(&pthread_create) real = REAL(pthread_create);

	return fails("pthread_create") ? EAGAIN : real(thread, attributes, start, argument);
}
