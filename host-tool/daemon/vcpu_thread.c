/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/vcpu_thread.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A shorter run time does not matter. */
#define RAN_US 10000
/* The maximum interval between reads of user time. Meanwhile all run time counts as user time in
 * most_us. */
#define PARTS_US (16 * G_TIME_SPAN_SECOND)

void vcpu_thread_init(struct vcpu_thread *thread, unsigned int vcpu)
{
	*thread = (struct vcpu_thread){.vcpu = vcpu, .stat = -1, .schedstat = -1};
}

void vcpu_thread_close(struct vcpu_thread *thread)
{
	if (thread->stat >= 0)
		close(thread->stat);
	if (thread->schedstat >= 0)
		close(thread->schedstat);
	vcpu_thread_init(thread, thread->vcpu);
}

static int open_file(const char *folder, const char *thread, const char *file)
{
	g_autofree char *path = g_build_filename(folder, thread, file, NULL);

	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool read_text(int fd, char *text, size_t size)
{
	ssize_t length = fd >= 0 ? pread(fd, text, size - 1, 0) : -1;

	text[MAX(length, 0)] = '\0';
	return length > 0;
}

static bool is_vcpu(const char *folder, const char *thread, unsigned int *vcpu)
{
	int fd = open_file(folder, thread, "comm");
	char name[32];
	bool named = read_text(fd, name, sizeof(name));

	if (fd >= 0)
		close(fd);
	return named && sscanf(name, "CPU %u/", vcpu) == 1;
}

void vcpu_threads_open(GPid qemu, struct vcpu_thread *threads, unsigned int num)
{
	g_autofree char *folder = g_strdup_printf("/proc/%d/task", (int)qemu);
	g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
	const char *name;

	while (directory && (name = g_dir_read_name(directory))) {
		unsigned int vcpu, i = 0;

		if (!is_vcpu(folder, name, &vcpu))
			continue;
		while (i < num && (threads[i].vcpu != vcpu || threads[i].stat >= 0))
			i++;
		if (i == num)
			continue;
		threads[i].stat = open_file(folder, name, "stat");
		threads[i].schedstat = open_file(folder, name, "schedstat");
	}
}

/* Parses state and utime of proc_pid_stat(5), which follow the name in parentheses. */
static bool parse_stat(const char *text, char *state, guint64 *utime)
{
	const char *at = strrchr(text, ')');

	if (at == NULL || at[1] == '\0')
		return false;
	*state = at[2];
	/* utime is field 14, the state field 3. */
	for (int field = 2; at && field < 14; field++)
		at = strchr(at + 1, ' ');
	if (at == NULL)
		return false;
	*utime = g_ascii_strtoull(at, NULL, 10);
	return true;
}

static bool read_parts(struct vcpu_thread *thread, gint64 now_us, struct stall_cpu *cpu)
{
	guint64 ticks_per_second = (guint64)MAX(sysconf(_SC_CLK_TCK), 1), utime;
	char text[1024], state;

	if (!read_text(thread->stat, text, sizeof(text)) || !parse_stat(text, &state, &utime))
		return false;
	cpu->has_state = true;
	cpu->runnable = state == 'R';
	cpu->stopped = state == 'T' || state == 't';
	cpu->used_us = (gint64)(utime * (G_USEC_PER_SEC / ticks_per_second));
	thread->parts_us = now_us;
	thread->parts_ran_us = cpu->ran_us;
	return true;
}

static bool read_times(const struct vcpu_thread *thread, gint64 *ran_us, gint64 *waited_us)
{
	char text[64], *end;

	if (!read_text(thread->schedstat, text, sizeof(text)))
		return false;
	*ran_us = (gint64)(g_ascii_strtoull(text, &end, 10) / 1000);
	*waited_us = (gint64)(g_ascii_strtoull(end, NULL, 10) / 1000);
	return end != text;
}

bool vcpu_thread_read(struct vcpu_thread *thread, enum stall_times times, bool state, gint64 now_us,
		      struct stall_cpu *cpu)
{
	const struct stall_cpu last = *cpu;
	gint64 lately_us;

	cpu->has_state = cpu->runnable = cpu->stopped = false;
	cpu->known = read_times(thread, &cpu->ran_us, &cpu->waited_us);
	lately_us = cpu->ran_us - thread->parts_ran_us;
	/* A thread that has neither run nor waited may be in a long wait, which is not counted yet.
	 */
	state |= thread->parts_us == 0 ||
		 (cpu->ran_us == last.ran_us && cpu->waited_us == last.waited_us) ||
		 now_us - thread->parts_us >= PARTS_US ||
		 (times == STALL_TIMES_EXACT && lately_us >= RAN_US);
	if (state)
		cpu->known = cpu->known && read_parts(thread, now_us, cpu);
	if (!cpu->known) {
		/* Its vCPU was unplugged: another thread may get the number later. */
		vcpu_thread_close(thread);
		return false;
	}
	lately_us = cpu->ran_us - thread->parts_ran_us;
	cpu->exact = lately_us < RAN_US;
	cpu->most_us = thread->most_us = cpu->used_us + lately_us;
	cpu->read_us = now_us;
	return true;
}

void vcpu_thread_skip(const struct vcpu_thread *thread, gint64 now_us, struct stall_cpu *cpu)
{
	cpu->exact = false;
	cpu->most_us = thread->most_us + (now_us - cpu->read_us);
}

gint64 vcpu_threads_ran_ns(GPid qemu)
{
	/* The result of clock_getcpuclockid(), without its system call. */
	clockid_t clock = (clockid_t)(~(guint)qemu << 3 | 2);
	struct timespec ran;

	if (clock_gettime(clock, &ran) < 0)
		return -1;
	return ran.tv_sec * (gint64)1000000000 + ran.tv_nsec;
}
