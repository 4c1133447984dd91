/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/stall_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/protocol.h"

/* A bit of watchdog_enabled (include/linux/nmi.h). */
#define SOFT_WATCHDOG_ENABLED 2u
/* Ticks between two searches for missing vCPU threads. */
#define RESCAN_TICKS 30
/* The maximum that a guest may set for its own limits. */
#define MAX_LIMIT_S 600u
/* The maximum waiting time of a task. */
#define MAX_BLOCKED_US (G_TIME_SPAN_DAY * 3650)

/* A vCPU that has run for less than this since the last look has not hung meanwhile. */
#define RAN_NS 10000000u
/* Ticks between two checks whether a thread that does not run wants to run. */
#define STATE_TICKS 4u

/* The time for which the guest need not be seen to live. */
#define SILENCE_US (2 * G_TIME_SPAN_SECOND)

/* The thread of a vCPU; its descriptors stay open, or are -1. */
struct thread {
	int stat, schedstat;
	bool looked;	    /* its CPU was read */
	uint64_t looked_ns; /* its run time at that time */
};

/* The last word of a mask that was read: it covers 64 CPUs. */
struct word {
	uint64_t address, value;
	bool known;
};

struct stall_watch {
	struct stall *stall;
	GBytes *bytes;
	const struct protocol_stall *places; /* points into @bytes */
	struct thread *threads;		     /* one for each CPU of @places */
	struct stall_cpu *cpus;		     /* indexed by Linux CPU number */
	unsigned int num_cpus; /* number of elements of @cpus: the highest CPU number plus one */
	struct protocol_blocked blocked[PROTOCOL_MAX_BLOCKED]; /* tasks that have not run since */
	unsigned int num_blocked;
	gint64 heard_us;     /* when the guest was last seen to live */
	unsigned int lively; /* index in @places of the CPU whose interrupts last moved */
	unsigned int num_ticks, ticks_to_scan;
	long ticks_per_second;
};

/* --- host side: threads --- */

static void close_thread(struct thread *thread)
{
	if (thread->stat >= 0)
		close(thread->stat);
	if (thread->schedstat >= 0)
		close(thread->schedstat);
	*thread = (struct thread){.stat = -1, .schedstat = -1};
}

static void close_threads(struct stall_watch *watch)
{
	for (unsigned int i = 0; watch->threads && i < watch->places->num_cpus; i++)
		close_thread(&watch->threads[i]);
	g_clear_pointer(&watch->threads, g_free);
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

/* QEMU's names: "CPU 3/KVM", "CPU 3/TCG". */
static bool is_vcpu(const char *folder, const char *thread, unsigned int *vcpu)
{
	int fd = open_file(folder, thread, "comm");
	char name[32];
	bool named = read_text(fd, name, sizeof(name));

	if (fd >= 0)
		close(fd);
	return named && sscanf(name, "CPU %u/", vcpu) == 1;
}

static void take_thread(struct stall_watch *watch, const char *folder, const char *thread,
			unsigned int vcpu)
{
	for (unsigned int i = 0; i < watch->places->num_cpus; i++) {
		struct thread *found = &watch->threads[i];

		if (watch->places->cpus[i].vcpu != vcpu || found->stat >= 0)
			continue;
		found->stat = open_file(folder, thread, "stat");
		found->schedstat = open_file(folder, thread, "schedstat");
		return;
	}
}

static void find_threads(struct stall_watch *watch, const struct layout *layout)
{
	g_autofree char *folder = g_strdup_printf("/proc/%d/task", (int)layout->pid);
	g_autoptr(GDir) threads = g_dir_open(folder, 0, NULL);
	const char *thread;

	while (threads && (thread = g_dir_read_name(threads))) {
		unsigned int vcpu;

		if (is_vcpu(folder, thread, &vcpu))
			take_thread(watch, folder, thread, vcpu);
	}
}

/* Parses state and utime of proc_pid_stat(5), which follow the name in parentheses. */
static bool parse_stat(const char *text, char *state, unsigned long *utime)
{
	const char *after = strrchr(text, ')');

	return after &&
	       sscanf(after, ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu", state, utime) == 2;
}

static bool read_stat(const struct stall_watch *watch, const struct thread *thread,
		      struct stall_cpu *cpu)
{
	unsigned long utime;
	char text[1024], state;

	if (!read_text(thread->stat, text, sizeof(text)) || !parse_stat(text, &state, &utime))
		return false;
	cpu->runnable = state == 'R';
	cpu->used_us = (gint64)(utime * (G_USEC_PER_SEC / (unsigned long)watch->ticks_per_second));
	return true;
}

/* True: it has run since its CPU was read. */
static bool read_thread(const struct stall_watch *watch, struct thread *thread, unsigned int number,
			struct stall_cpu *cpu)
{
	unsigned long long ran_ns, waited_ns;
	char text[64];
	bool ran;

	cpu->known = read_text(thread->schedstat, text, sizeof(text)) &&
		     sscanf(text, "%llu %llu", &ran_ns, &waited_ns) == 2;
	ran = cpu->known && (!thread->looked || ran_ns - thread->looked_ns >= RAN_NS);
	if (ran || (watch->num_ticks + number) % STATE_TICKS == 0)
		cpu->known = cpu->known && read_stat(watch, thread, cpu);
	if (!cpu->known) {
		/* Its vCPU was unplugged: another thread may get the number later. */
		close_thread(thread);
		return false;
	}
	cpu->waited_us = (gint64)(waited_ns / 1000);
	if (ran) {
		thread->looked = true;
		thread->looked_ns = ran_ns;
	}
	return ran;
}

/* --- guest side --- */

static bool peek(const struct layout *layout, uint64_t address, void *buffer, size_t length)
{
	return address != 0 && layout_peek(layout, address, buffer, length);
}

static bool watchdog_is_on(const struct stall_watch *watch, const struct layout *layout)
{
	uint64_t enabled;

	return peek(layout, watch->places->watchdog_enabled, &enabled, sizeof(enabled)) &&
	       (enabled & SOFT_WATCHDOG_ENABLED) != 0;
}

/* Reads a bit of a CPU mask; @otherwise: the result if it is unknown. */
static bool bit(const struct layout *layout, struct word *word, uint64_t address,
		unsigned int number, bool otherwise)
{
	if (address != word->address) {
		word->address = address;
		word->known = peek(layout, address, &word->value, sizeof(word->value));
	}
	return word->known ? word->value >> number % 64 & 1 : otherwise;
}

/* Reads values that show a hang without the guest's own watchdog. */
static void read_task(const struct layout *layout, const struct protocol_stall_cpu *places,
		      struct stall_cpu *cpu)
{
	uint64_t user[2];
	uint32_t runnable = 0;

	cpu->has_current = peek(layout, places->current, &cpu->current, sizeof(cpu->current)) &&
			   peek(layout, places->runnable, &runnable, sizeof(runnable)) &&
			   peek(layout, places->user, user, sizeof(user));
	cpu->others_wait = runnable > 1;
	cpu->user = cpu->has_current ? user[0] + user[1] : 0;
}

static void read_timer(const struct layout *layout, const struct protocol_stall_cpu *places,
		       struct stall_cpu *cpu)
{
	uint64_t current;

	cpu->idle = places->idle && peek(layout, places->current, &current, sizeof(current)) &&
		    current == places->idle;
	cpu->has_next = peek(layout, places->next, &cpu->next_ns, sizeof(cpu->next_ns));
}

/* True: a timer interrupt has come since the last look. */
static bool read_irqs(const struct layout *layout, const struct protocol_stall_cpu *places,
		      struct stall_cpu *cpu)
{
	uint32_t before = cpu->irqs;

	cpu->has_irqs = peek(layout, places->irqs, &cpu->irqs, sizeof(cpu->irqs));
	return cpu->has_irqs && cpu->irqs != before;
}

/* Reads a CPU that has run. True: a timer interrupt has come since the last look. */
static bool read_cpu(const struct layout *layout, const struct protocol_stall_cpu *places,
		     bool watched, struct stall_cpu *cpu)
{
	bool moved = read_irqs(layout, places, cpu);

	cpu->has_touch = watched && peek(layout, places->touch, &cpu->touch, sizeof(cpu->touch));
	cpu->has_current = false;
	if (!cpu->has_touch)
		read_task(layout, places, cpu);
	if (!moved)
		read_timer(layout, places, cpu);
	return moved;
}

/*
 * No CPU that has run took an interrupt: checks the others. If none did, due timers matter. True:
 * one did.
 */
static bool look_for_life(struct stall_watch *watch, const struct layout *layout)
{
	const struct protocol_stall *places = watch->places;

	for (unsigned int i = 0; i < places->num_cpus; i++) {
		unsigned int which = (watch->lively + i) % places->num_cpus;
		const struct protocol_stall_cpu *cpu = &places->cpus[which];

		if (!read_irqs(layout, cpu, &watch->cpus[cpu->number]))
			continue;
		watch->lively = which;
		return true;
	}
	for (unsigned int i = 0; i < places->num_cpus; i++)
		read_timer(layout, &places->cpus[i], &watch->cpus[places->cpus[i].number]);
	return false;
}

/* False: some threads are missing. */
static bool read_cpus(struct stall_watch *watch, const struct layout *layout)
{
	const struct protocol_stall *places = watch->places;
	bool watchdog = watchdog_is_on(watch, layout), all = true, alive = false;
	struct word online = {0}, watched = {0};
	gint64 now_us = g_get_monotonic_time();

	for (unsigned int i = 0; i < places->num_cpus; i++) {
		const struct protocol_stall_cpu *place = &places->cpus[i];
		struct stall_cpu *cpu = &watch->cpus[place->number];
		bool looks = watchdog && bit(layout, &watched, place->watched, place->number, true);
		bool ran = read_thread(watch, &watch->threads[i], i, cpu);

		cpu->tickless = place->tickless != 0;
		cpu->offline = !bit(layout, &online, place->online, place->number, true);
		cpu->has_touch &= looks;
		if (ran)
			alive |= read_cpu(layout, place, looks, cpu);
		alive |= cpu->known && cpu->runnable;
		all &= cpu->known;
	}
	if (!alive && now_us - watch->heard_us > SILENCE_US)
		alive = look_for_life(watch, layout);
	if (alive)
		watch->heard_us = now_us;
	return all;
}

static unsigned int limit(const struct layout *layout, uint64_t address, unsigned int otherwise)
{
	int32_t value;

	if (!peek(layout, address, &value, sizeof(value)) || value <= 0)
		return otherwise;
	return MIN((unsigned int)value, MAX_LIMIT_S);
}

static struct stall_limits read_limits(const struct stall_watch *watch, const struct layout *layout,
				       const struct stall_limits *configured)
{
	struct stall_limits limits = STALL_LIMITS_DEFAULT;

	limits.starved_s = configured->starved_s;
	limits.dead_s = configured->dead_s;
	limits.hard_s = limit(layout, watch->places->watchdog_thresh, limits.hard_s);
	limits.soft_s = 2 * limits.hard_s;
	limits.rcu_s = limit(layout, watch->places->rcu_timeout, limits.rcu_s);
	return limits;
}

/* Guest memory that cannot be read belongs to a process that is ending. */
static bool is_lost(const struct layout *layout, uint64_t address)
{
	uint64_t value;

	return address != 0 && layout_covers(layout, address, sizeof(value)) &&
	       !peek(layout, address, &value, sizeof(value));
}

static bool is_blocked(const struct layout *layout, const struct protocol_blocked *task)
{
	uint64_t voluntary, forced;

	if (!peek(layout, task->voluntary, &voluntary, sizeof(voluntary)) ||
	    !peek(layout, task->forced, &forced, sizeof(forced)))
		return is_lost(layout, task->voluntary) || is_lost(layout, task->forced);
	return voluntary + forced == task->switches;
}

/* A task that has run is not read again, since its memory may be reused. */
static void look_at_blocked(struct stall_watch *watch, const struct layout *layout)
{
	unsigned int num = 0;

	for (unsigned int i = 0; i < watch->num_blocked; i++) {
		if (is_blocked(layout, &watch->blocked[i]))
			watch->blocked[num++] = watch->blocked[i];
	}
	watch->num_blocked = num;
}

/* --- --- */

void stall_watch_follow(struct stall_watch *watch, GBytes *blocked)
{
	gsize size = 0;
	const void *bytes = blocked ? g_bytes_get_data(blocked, &size) : NULL;
	gint64 now_us = g_get_monotonic_time(), for_us = 0;

	if (size == 0 || size > sizeof(watch->blocked) || size % sizeof(watch->blocked[0]))
		return;
	memcpy(watch->blocked, bytes, size);
	watch->num_blocked = (unsigned int)(size / sizeof(watch->blocked[0]));
	for (unsigned int i = 0; i < watch->num_blocked; i++)
		for_us = MAX(for_us, (gint64)(watch->blocked[i].for_ns / 1000));
	stall_follow(watch->stall, now_us - MIN(for_us, MAX_BLOCKED_US), now_us);
}

char *stall_watch_to_text(const struct stall_watch *watch)
{
	g_autofree char *told = stall_to_text(watch->stall);
	GString *text = g_string_new(told);

	for (unsigned int i = 0; i < watch->num_blocked; i++) {
		const struct protocol_blocked *task = &watch->blocked[i];

		g_string_append_printf(text, "task %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
				       task->voluntary, task->forced, task->switches);
	}
	return g_string_free(text, FALSE);
}

void stall_watch_recall(struct stall_watch *watch, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	stall_recall(watch->stall, text);
	for (char **line = lines; *line && watch->num_blocked < PROTOCOL_MAX_BLOCKED; line++) {
		struct protocol_blocked *task = &watch->blocked[watch->num_blocked];

		if (sscanf(*line, "task %" SCNu64 " %" SCNu64 " %" SCNu64, &task->voluntary,
			   &task->forced, &task->switches) == 3)
			watch->num_blocked++;
	}
}

static bool is_valid(GBytes *bytes)
{
	gsize size = 0;
	const struct protocol_stall *places = bytes ? g_bytes_get_data(bytes, &size) : NULL;

	if (size < sizeof(*places) || places->num_cpus == 0 ||
	    places->num_cpus > PROTOCOL_STALL_MAX_CPUS ||
	    size != sizeof(*places) + places->num_cpus * sizeof(places->cpus[0]))
		return false;
	for (unsigned int i = 0; i < places->num_cpus; i++) {
		if (places->cpus[i].number >= STALL_MAX_CPUS)
			return false;
	}
	return true;
}

bool stall_watch_update(struct stall_watch *watch, GBytes *places, const struct layout *layout)
{
	if (!is_valid(places))
		return false;
	if (watch->bytes && g_bytes_equal(watch->bytes, places))
		return true;
	close_threads(watch);
	g_clear_pointer(&watch->bytes, g_bytes_unref);
	g_clear_pointer(&watch->cpus, g_free);
	watch->bytes = g_bytes_ref(places);
	watch->places = g_bytes_get_data(places, NULL);
	watch->num_cpus = 0;
	watch->threads = g_new(struct thread, watch->places->num_cpus);
	for (unsigned int i = 0; i < watch->places->num_cpus; i++) {
		watch->threads[i] = (struct thread){.stat = -1, .schedstat = -1};
		watch->num_cpus = MAX(watch->num_cpus, watch->places->cpus[i].number + 1);
	}
	watch->cpus = g_new0(struct stall_cpu, watch->num_cpus);
	watch->ticks_to_scan = RESCAN_TICKS;
	find_threads(watch, layout);
	return true;
}

struct stall_watch *stall_watch_new(GBytes *places, const struct layout *layout)
{
	struct stall_watch *watch = g_new0(struct stall_watch, 1);

	watch->stall = stall_new();
	watch->ticks_per_second = MAX(sysconf(_SC_CLK_TCK), 1);
	if (stall_watch_update(watch, places, layout))
		return watch;
	stall_watch_free(watch);
	return NULL;
}

void stall_watch_free(struct stall_watch *watch)
{
	if (watch == NULL)
		return;
	close_threads(watch);
	g_clear_pointer(&watch->bytes, g_bytes_unref);
	g_free(watch->cpus);
	stall_free(watch->stall);
	g_free(watch);
}

void stall_watch_reset(struct stall_watch *watch)
{
	stall_reset(watch->stall);
}

static void scan_again(struct stall_watch *watch, const struct layout *layout, bool lacking)
{
	if (watch->ticks_to_scan > 0)
		watch->ticks_to_scan--;
	if (!lacking || watch->ticks_to_scan > 0)
		return;
	watch->ticks_to_scan = RESCAN_TICKS;
	find_threads(watch, layout);
}

/* Only the boot-time clock runs while the host is suspended. */
static gint64 slept_us(gint64 monotonic_us)
{
	struct timespec boot;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	return boot.tv_sec * G_USEC_PER_SEC + boot.tv_nsec / 1000 - monotonic_us;
}

/* @sample->cpus: the watch's. False: the process's memory cannot be read any more. */
static bool take_sample(struct stall_watch *watch, const struct layout *layout,
			struct stall_sample *sample)
{
	const struct protocol_stall *places = watch->places;
	bool all = read_cpus(watch, layout);
	int32_t suspended;

	*sample = (struct stall_sample){.num_cpus = watch->num_cpus, .cpus = watch->cpus};
	watch->num_ticks++;
	sample->has_gp_seq = peek(layout, places->gp_seq, &sample->gp_seq, sizeof(sample->gp_seq));
	if (!sample->has_gp_seq && is_lost(layout, places->gp_seq))
		return false;
	sample->has_hung_count =
		peek(layout, places->hung_count, &sample->hung_count, sizeof(sample->hung_count));
	sample->has_hung_warnings = peek(layout, places->hung_warnings, &sample->hung_warnings,
					 sizeof(sample->hung_warnings));
	sample->has_warnings =
		peek(layout, places->warnings, &sample->warnings, sizeof(sample->warnings));
	sample->has_clock = peek(layout, places->clock, &sample->clock_s, sizeof(sample->clock_s));
	sample->asleep =
		peek(layout, places->suspended, &suspended, sizeof(suspended)) && suspended != 0;
	look_at_blocked(watch, layout);
	sample->num_blocked = watch->num_blocked;
	sample->now_us = g_get_monotonic_time();
	sample->slept_us = slept_us(sample->now_us);
	scan_again(watch, layout, !all);
	return true;
}

enum stall_event stall_watch_look(struct stall_watch *watch, const struct layout *layout,
				  const struct stall_limits *configured,
				  struct stall_finding *finding)
{
	struct stall_limits limits = read_limits(watch, layout, configured);
	struct stall_sample sample;

	if (!take_sample(watch, layout, &sample))
		return STALL_NONE;
	return stall_look(watch->stall, &limits, &sample, finding);
}

enum stall_event stall_watch_guest_told(struct stall_watch *watch, const struct layout *layout,
					const struct stall_limits *configured, bool *known,
					struct stall_finding *finding)
{
	struct stall_limits limits = read_limits(watch, layout, configured);
	struct stall_sample sample;
	enum stall_event event;

	*known = true;
	if (!take_sample(watch, layout, &sample))
		return STALL_NONE;
	event = stall_look(watch->stall, &limits, &sample, finding);
	return event != STALL_NONE
		       ? event
		       : stall_guest_told(watch->stall, &limits, &sample, known, finding);
}
