/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/stall_watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/protocol.h"
#include "daemon/vcpu_thread.h"

/* A bit of watchdog_enabled (include/linux/nmi.h). */
#define SOFT_WATCHDOG_ENABLED 2u
/* Ticks between two searches for missing vCPU threads. */
#define RESCAN_TICKS 30
/* The maximum that a guest may set for its own limits. */
#define MAX_LIMIT_S 600
/* The maximum waiting time of a task. */
#define MAX_BLOCKED_US (G_TIME_SPAN_DAY * 3650)

/* If QEMU's threads together have run for less than this since the last look at the CPUs, no CPU
 * has hung meanwhile. */
#define RAN_NS 100000000
/* The time for which the guest need not be seen to live. */
#define SILENCE_US (2 * G_TIME_SPAN_SECOND)
/* When a grace period lasts longer, the waiting times of the vCPUs matter. */
#define GRACE_US (900 * G_TIME_SPAN_MILLISECOND)
#define GP_STATE 3u
/* The interval between reads of the guest's settings. */
#define SETTINGS_US (4 * G_TIME_SPAN_SECOND)

/* A CPU's settings, and its values in a tick. */
struct glance {
	bool watched; /* the guest's watchdog checks it */
	bool offline;
	uint32_t irqs, runnable;
	uint64_t touch, current, user[2];
	bool moved; /* a timer interrupt has come since the last look */
	bool irqs_there, touch_there, runnable_there, current_there, user_there;
};

/* The last word of a mask that was read: it covers 64 CPUs. */
struct word {
	uint64_t address, value;
	bool known;
};

struct stall_watch {
	struct stall *stall;
	GBytes *bytes;
	const struct protocol_stall *places;		       /* points into @bytes */
	struct vcpu_thread *threads;			       /* one for each CPU of @places */
	struct glance *glances;				       /* one for each CPU of @places */
	struct stall_cpu *cpus;				       /* indexed by Linux CPU number */
	unsigned int num_cpus;				       /* number of elements of @cpus */
	struct protocol_blocked blocked[PROTOCOL_MAX_BLOCKED]; /* tasks that have not run since */
	unsigned int num_blocked;
	struct stall_sample sample;
	int32_t suspended;
	bool suspended_there;
	bool asked;    /* for this tick, and stall_watch_look() was not called yet */
	bool looks;    /* this tick reads the CPUs */
	gint64 ran_ns; /* run time of all threads at the last look at the CPUs; -1: never */
	int32_t thresh_s, rcu_timeout_s; /* 0: unknown */
	gint64 settings_us;		 /* when these and the CPU masks were last read; 0: never */
	gint64 heard_us;		 /* when the guest was last seen to live */
	uint64_t gp_seq;
	gint64 gp_us;	     /* when it was first seen */
	unsigned int lively; /* index in @places of the CPU whose interrupts last moved */
	unsigned int ticks_to_scan;
};

static bool peek_at(const struct layout *layout, uint64_t address, void *buffer, size_t length)
{
	return address != 0 && layout_peek(layout, address, buffer, length);
}

/* --- threads and settings --- */

static void scan_again(struct stall_watch *watch, const struct layout *layout, bool lacking)
{
	if (watch->ticks_to_scan > 0)
		watch->ticks_to_scan--;
	if (!lacking || watch->ticks_to_scan > 0)
		return;
	watch->ticks_to_scan = RESCAN_TICKS;
	vcpu_threads_open(layout->pid, watch->threads, watch->places->num_cpus);
}

/* Reads a bit of a CPU mask; @otherwise: the result if it is unknown. */
static bool bit(const struct layout *layout, struct word *word, uint64_t address,
		unsigned int number, bool otherwise)
{
	if (address != word->address) {
		word->address = address;
		word->known = peek_at(layout, address, &word->value, sizeof(word->value));
	}
	return word->known ? word->value >> number % 64 & 1 : otherwise;
}

static int32_t setting(const struct layout *layout, uint64_t address)
{
	int32_t value;

	return peek_at(layout, address, &value, sizeof(value)) ? value : 0;
}

static void read_settings(struct stall_watch *watch, const struct layout *layout, gint64 now_us)
{
	const struct protocol_stall *places = watch->places;
	struct word online = {0}, watched = {0};
	uint64_t enabled;
	bool watchdog;

	if (watch->settings_us && now_us - watch->settings_us < SETTINGS_US)
		return;
	watch->settings_us = now_us;
	watchdog = peek_at(layout, places->watchdog_enabled, &enabled, sizeof(enabled)) &&
		   (enabled & SOFT_WATCHDOG_ENABLED) != 0;
	watch->thresh_s = setting(layout, places->watchdog_thresh);
	watch->rcu_timeout_s = setting(layout, places->rcu_timeout);
	for (unsigned int i = 0; i < places->num_cpus; i++) {
		const struct protocol_stall_cpu *place = &places->cpus[i];
		struct glance *glance = &watch->glances[i];

		glance->offline = !bit(layout, &online, place->online, place->number, true);
		glance->watched = watchdog && place->touch &&
				  bit(layout, &watched, place->watched, place->number, true);
	}
}

static unsigned int limit(int32_t value, unsigned int otherwise)
{
	return value > 0 ? (unsigned int)MIN(value, MAX_LIMIT_S) : otherwise;
}

static struct stall_limits make_limits(const struct stall_watch *watch,
				       const struct stall_limits *configured)
{
	struct stall_limits limits = STALL_LIMITS_DEFAULT;

	limits.starved_s = configured->starved_s;
	limits.dead_s = configured->dead_s;
	limits.hard_s = limit(watch->thresh_s, limits.hard_s);
	limits.soft_s = 2 * limits.hard_s;
	limits.rcu_s = limit(watch->rcu_timeout_s, limits.rcu_s);
	return limits;
}

/* --- a tick: values that are read together --- */

/* False: QEMU's threads have hardly run, so nothing has changed on the CPUs. */
static bool have_run(struct stall_watch *watch, const struct layout *layout)
{
	gint64 ran_ns = vcpu_threads_ran_ns(layout->pid);

	if (ran_ns >= 0 && watch->ran_ns >= 0 && ran_ns >= watch->ran_ns &&
	    ran_ns - watch->ran_ns < RAN_NS)
		return false;
	watch->ran_ns = ran_ns;
	return true;
}

/* Without the guest's watchdog, the CPU's task shows a soft lockup if other tasks wait. */
static void ask_of_cpu(const struct protocol_stall_cpu *place, struct glance *glance,
		       struct peek *peek)
{
	peek_add(peek, place->irqs, &glance->irqs, sizeof(glance->irqs), &glance->irqs_there);
	peek_add(peek, glance->watched ? place->touch : 0, &glance->touch, sizeof(glance->touch),
		 &glance->touch_there);
	peek_add(peek, glance->watched ? 0 : place->runnable, &glance->runnable,
		 sizeof(glance->runnable), &glance->runnable_there);
}

void stall_watch_ask(struct stall_watch *watch, struct peek *peek)
{
	const struct protocol_stall *places = watch->places;
	struct stall_sample *sample = &watch->sample;
	const uint64_t counts[STALL_NUM_COUNTED] = {
		[STALL_COUNTED_SOFT] = places->soft_count,
		[STALL_COUNTED_HARD] = places->hard_count,
		[STALL_COUNTED_RCU] = places->rcu_count,
	};

	watch->asked = true;
	sample->now_us = g_get_monotonic_time();
	read_settings(watch, peek->layout, sample->now_us);
	peek_add(peek, places->gp_seq, &sample->gp_seq, sizeof(sample->gp_seq),
		 &sample->has_gp_seq);
	peek_add(peek, places->hung_count, &sample->hung_count, sizeof(sample->hung_count),
		 &sample->has_hung_count);
	peek_add(peek, places->hung_count ? 0 : places->hung_warnings, &sample->hung_warnings,
		 sizeof(sample->hung_warnings), &sample->has_hung_warnings);
	for (unsigned int i = 0; i < STALL_NUM_COUNTED; i++)
		peek_add(peek, counts[i], &sample->counts[i], sizeof(sample->counts[i]),
			 &sample->has_count[i]);
	peek_add(peek, places->warnings, &sample->warnings, sizeof(sample->warnings),
		 &sample->has_warnings);
	peek_add(peek, places->clock, &sample->clock_s, sizeof(sample->clock_s),
		 &sample->has_clock);
	peek_add(peek, places->suspended, &watch->suspended, sizeof(watch->suspended),
		 &watch->suspended_there);
	watch->looks = have_run(watch, peek->layout);
	for (unsigned int i = 0; watch->looks && i < places->num_cpus; i++)
		ask_of_cpu(&places->cpus[i], &watch->glances[i], peek);
}

/* --- a tick: the CPUs' values --- */

static struct stall_cpu *cpu_of(const struct stall_watch *watch, unsigned int i)
{
	return &watch->cpus[watch->places->cpus[i].number];
}

static void take_irqs(struct stall_cpu *cpu, struct glance *glance)
{
	glance->moved = glance->irqs_there && (!cpu->has_irqs || glance->irqs != cpu->irqs);
	cpu->has_irqs = glance->irqs_there;
	cpu->irqs = glance->irqs;
}

/* The task of a CPU does not matter while no other task waits. */
static bool has_task(const struct stall_cpu *cpu)
{
	return cpu->has_current && cpu->others_wait;
}

static void take_tasks(struct stall_watch *watch, const struct layout *layout)
{
	struct peek peek;

	peek_begin(&peek, layout);
	for (unsigned int i = 0; i < watch->places->num_cpus; i++) {
		const struct protocol_stall_cpu *place = &watch->places->cpus[i];
		struct glance *glance = &watch->glances[i];

		if (!has_task(cpu_of(watch, i)))
			continue;
		peek_add(&peek, place->current, &glance->current, sizeof(glance->current),
			 &glance->current_there);
		peek_add(&peek, place->user, glance->user, sizeof(glance->user),
			 &glance->user_there);
	}
	peek_read(&peek);
	for (unsigned int i = 0; i < watch->places->num_cpus; i++) {
		const struct glance *glance = &watch->glances[i];
		struct stall_cpu *cpu = cpu_of(watch, i);

		if (!has_task(cpu))
			continue;
		cpu->has_current = glance->current_there && glance->user_there;
		cpu->current = glance->current;
		cpu->user = glance->user[0] + glance->user[1];
	}
}

/* True: a timer interrupt of some CPU has come. */
static bool take_glances(struct stall_watch *watch, const struct layout *layout)
{
	bool moved = false;

	for (unsigned int i = 0; i < watch->places->num_cpus; i++) {
		const struct protocol_stall_cpu *place = &watch->places->cpus[i];
		struct glance *glance = &watch->glances[i];
		struct stall_cpu *cpu = cpu_of(watch, i);

		take_irqs(cpu, glance);
		moved |= glance->moved;
		cpu->has_touch = glance->touch_there;
		cpu->touch = glance->touch;
		cpu->has_current = glance->runnable_there && place->current && place->user;
		cpu->others_wait = glance->runnable > 1;
	}
	take_tasks(watch, layout);
	return moved;
}

/* Has another CPU taken an interrupt? */
static bool look_for_life(struct stall_watch *watch, const struct layout *layout)
{
	const struct protocol_stall *places = watch->places;

	for (unsigned int i = 0; i < places->num_cpus; i++) {
		unsigned int which = (watch->lively + i) % places->num_cpus;
		struct glance *glance = &watch->glances[which];

		glance->irqs_there = peek_at(layout, places->cpus[which].irqs, &glance->irqs,
					     sizeof(glance->irqs));
		take_irqs(cpu_of(watch, which), glance);
		if (!glance->moved)
			continue;
		watch->lively = which;
		return true;
	}
	return false;
}

/* Does a grace period last so long that it may be a stall? */
static bool gp_stands(struct stall_watch *watch)
{
	const struct stall_sample *sample = &watch->sample;

	if (!sample->has_gp_seq || sample->gp_seq != watch->gp_seq ||
	    !(sample->gp_seq & GP_STATE)) {
		watch->gp_seq = sample->gp_seq;
		watch->gp_us = sample->now_us;
	}
	return sample->now_us - watch->gp_us > GRACE_US;
}

/* Adds the current task and the next timer, which matter if no interrupt comes. */
static void ask_of_timer(const struct protocol_stall_cpu *place, struct glance *glance,
			 struct stall_cpu *cpu, struct peek *peek)
{
	peek_add(peek, place->idle ? place->current : 0, &glance->current, sizeof(glance->current),
		 &glance->current_there);
	peek_add(peek, place->next, &cpu->next_ns, sizeof(cpu->next_ns), &cpu->has_next);
}

/* --- a tick: host side --- */

/*
 * @state: reads all threads' states. @waits: reads all threads' waiting times. Adds to @peek the
 * timers of CPUs that may stand still. False: some threads are missing.
 */
static bool read_threads(struct stall_watch *watch, const struct stall_limits *limits, bool whole,
			 bool state, bool waits, struct peek *peek)
{
	const gint64 now_us = watch->sample.now_us;
	bool all = true;

	for (unsigned int i = 0; i < watch->places->num_cpus; i++) {
		const struct protocol_stall_cpu *place = &watch->places->cpus[i];
		struct glance *glance = &watch->glances[i];
		struct stall_cpu *cpu = cpu_of(watch, i);
		enum stall_times times =
			stall_needs_times(watch->stall, place->number, cpu, limits, now_us);

		if (!cpu->known || whole)
			times = STALL_TIMES_EXACT;
		else if ((state || waits) && times == STALL_TIMES_NONE)
			times = STALL_TIMES_ABOUT;
		if (times == STALL_TIMES_NONE)
			vcpu_thread_skip(&watch->threads[i], now_us, cpu);
		else
			all &= vcpu_thread_read(&watch->threads[i], times, state, now_us, cpu);
		cpu->tickless = place->tickless != 0;
		cpu->offline = glance->offline;
		glance->current_there = false;
		if (state || (times == STALL_TIMES_EXACT && !glance->moved))
			ask_of_timer(place, glance, cpu, peek);
	}
	return all;
}

/* Was its thread's state read in this tick? */
static bool is_fresh(const struct stall_watch *watch, const struct stall_cpu *cpu)
{
	return cpu->known && cpu->read_us == watch->sample.now_us;
}

/* Does a vCPU run or want to run? */
static bool wants_to_run(const struct stall_watch *watch)
{
	for (unsigned int i = 0; i < watch->places->num_cpus; i++) {
		const struct stall_cpu *cpu = cpu_of(watch, i);

		if (is_fresh(watch, cpu) && cpu->runnable)
			return true;
	}
	return false;
}

/* Has a signal or a debugger stopped QEMU? */
static bool is_stopped(const struct stall_watch *watch)
{
	for (unsigned int i = 0; i < watch->places->num_cpus; i++) {
		const struct stall_cpu *cpu = cpu_of(watch, i);

		if (is_fresh(watch, cpu) && cpu->stopped)
			return true;
	}
	return false;
}

/* @whole: reads all threads' times. False: some threads are missing. */
static bool read_cpus(struct stall_watch *watch, const struct layout *layout,
		      const struct stall_limits *limits, bool whole)
{
	gint64 now_us = watch->sample.now_us;
	bool silent, all, alive;
	struct peek peek;

	for (unsigned int i = 0; i < watch->places->num_cpus; i++)
		watch->glances[i].moved = false;
	alive = watch->looks && take_glances(watch, layout);
	silent = !alive && now_us - watch->heard_us > SILENCE_US &&
		 !(alive = look_for_life(watch, layout));
	peek_begin(&peek, layout);
	all = read_threads(watch, limits, whole, silent, gp_stands(watch), &peek);
	peek_read(&peek);
	for (unsigned int i = 0; i < watch->places->num_cpus; i++) {
		const struct glance *glance = &watch->glances[i];

		if (glance->current_there)
			cpu_of(watch, i)->idle = glance->current == watch->places->cpus[i].idle;
	}
	if (alive || wants_to_run(watch))
		watch->heard_us = now_us;
	return all;
}

/* --- tasks --- */

/* Guest memory that cannot be read belongs to a process that is ending. */
static bool is_lost(const struct layout *layout, uint64_t address)
{
	uint64_t value;

	return address != 0 && layout_covers(layout, address, sizeof(value)) &&
	       !peek_at(layout, address, &value, sizeof(value));
}

static bool is_blocked(const struct layout *layout, const struct protocol_blocked *task)
{
	uint64_t voluntary, forced;
	uint32_t pid;

	if (!peek_at(layout, task->voluntary, &voluntary, sizeof(voluntary)) ||
	    !peek_at(layout, task->forced, &forced, sizeof(forced)) ||
	    !peek_at(layout, task->pid_address, &pid, sizeof(pid)))
		return is_lost(layout, task->voluntary) || is_lost(layout, task->forced) ||
		       is_lost(layout, task->pid_address);
	return voluntary + forced == task->switches && pid == task->pid;
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

		g_string_append_printf(
			text, "task %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
			task->voluntary, task->forced, task->pid_address, task->switches,
			task->pid);
	}
	return g_string_free(text, FALSE);
}

void stall_watch_recall(struct stall_watch *watch, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	stall_recall(watch->stall, text);
	for (char **line = lines; *line && watch->num_blocked < PROTOCOL_MAX_BLOCKED; line++) {
		struct protocol_blocked *task = &watch->blocked[watch->num_blocked];

		if (sscanf(*line, "task %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
			   &task->voluntary, &task->forced, &task->pid_address, &task->switches,
			   &task->pid) == 5)
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

bool stall_watch_lacks_cpus(GBytes *bytes)
{
	gsize size;
	const struct protocol_stall *places = g_bytes_get_data(bytes, &size);

	return size >= sizeof(*places) && places->num_cpus < places->num_vcpus;
}

static void clear_places(struct stall_watch *watch)
{
	for (unsigned int i = 0; watch->threads && i < watch->places->num_cpus; i++)
		vcpu_thread_close(&watch->threads[i]);
	g_clear_pointer(&watch->threads, g_free);
	g_clear_pointer(&watch->glances, g_free);
	g_clear_pointer(&watch->cpus, g_free);
	g_clear_pointer(&watch->bytes, g_bytes_unref);
	watch->num_cpus = 0;
}

bool stall_watch_update(struct stall_watch *watch, GBytes *bytes, const struct layout *layout)
{
	const struct protocol_stall *places;

	if (!is_valid(bytes))
		return false;
	if (watch->bytes && g_bytes_equal(watch->bytes, bytes))
		return true;
	clear_places(watch);
	watch->bytes = g_bytes_ref(bytes);
	places = watch->places = g_bytes_get_data(bytes, NULL);
	watch->threads = g_new(struct vcpu_thread, places->num_cpus);
	watch->glances = g_new0(struct glance, places->num_cpus);
	for (unsigned int i = 0; i < places->num_cpus; i++) {
		vcpu_thread_init(&watch->threads[i], places->cpus[i].vcpu);
		watch->num_cpus = MAX(watch->num_cpus, places->cpus[i].number + 1);
	}
	watch->cpus = g_new0(struct stall_cpu, watch->num_cpus);
	watch->ticks_to_scan = RESCAN_TICKS;
	watch->settings_us = 0;
	watch->ran_ns = -1;
	vcpu_threads_open(layout->pid, watch->threads, places->num_cpus);
	return true;
}

struct stall_watch *stall_watch_new(GBytes *places, const struct layout *layout)
{
	struct stall_watch *watch = g_new0(struct stall_watch, 1);

	watch->stall = stall_new();
	if (stall_watch_update(watch, places, layout))
		return watch;
	stall_watch_free(watch);
	return NULL;
}

void stall_watch_free(struct stall_watch *watch)
{
	if (watch == NULL)
		return;
	clear_places(watch);
	stall_free(watch->stall);
	g_free(watch);
}

void stall_watch_reset(struct stall_watch *watch)
{
	stall_reset(watch->stall);
}

/* Only the boot-time clock runs while the host is suspended. */
static gint64 slept_us(gint64 monotonic_us)
{
	struct timespec boot;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	return boot.tv_sec * G_USEC_PER_SEC + boot.tv_nsec / 1000 - monotonic_us;
}

/* False: the process's memory cannot be read any more. */
static bool take_sample(struct stall_watch *watch, const struct layout *layout,
			const struct stall_limits *configured, bool whole,
			struct stall_limits *limits)
{
	struct stall_sample *sample = &watch->sample;
	struct peek peek;
	bool all;

	peek_begin(&peek, layout);
	if (!watch->asked)
		stall_watch_ask(watch, &peek);
	peek_read(&peek);
	watch->asked = false;
	if (!sample->has_gp_seq && is_lost(layout, watch->places->gp_seq))
		return false;
	*limits = make_limits(watch, configured);
	all = read_cpus(watch, layout, limits, whole || stall_counts_rise(watch->stall, sample));
	look_at_blocked(watch, layout);
	sample->num_cpus = watch->num_cpus;
	sample->cpus = watch->cpus;
	sample->asleep = (watch->suspended_there && watch->suspended != 0) || is_stopped(watch);
	sample->num_blocked = watch->num_blocked;
	sample->slept_us = slept_us(sample->now_us);
	scan_again(watch, layout, !all);
	return true;
}

enum stall_event stall_watch_look(struct stall_watch *watch, const struct layout *layout,
				  const struct stall_limits *configured,
				  struct stall_finding *finding)
{
	struct stall_limits limits;

	if (!take_sample(watch, layout, configured, false, &limits))
		return STALL_NONE;
	return stall_look(watch->stall, &limits, &watch->sample, finding);
}

/* Reads all CPUs and all times of their threads, whatever the tick has read already. */
static bool take_whole_sample(struct stall_watch *watch, const struct layout *layout,
			      const struct stall_limits *configured, struct stall_limits *limits)
{
	watch->asked = false;
	watch->ran_ns = -1;
	return take_sample(watch, layout, configured, true, limits);
}

enum stall_event stall_watch_guest_told(struct stall_watch *watch, const struct layout *layout,
					const struct stall_limits *configured, bool *known,
					struct stall_finding *finding)
{
	struct stall_limits limits;
	enum stall_event event;

	*known = true;
	if (!take_whole_sample(watch, layout, configured, &limits))
		return STALL_NONE;
	event = stall_look(watch->stall, &limits, &watch->sample, finding);
	return event != STALL_NONE
		       ? event
		       : stall_guest_told(watch->stall, &limits, &watch->sample, known, finding);
}
