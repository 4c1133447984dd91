// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/schedule.h"

#define NS_PER_S 1000000000ll
#define WATCHDOG_SHIFT 30 /* get_timestamp() in kernel/watchdog.c */
#define INITIAL_SECONDS 300

/* A word of per-CPU memory. */
struct word {
	gva_t address; /* 0: there is none */
	size_t length;
};

static struct word percpu_word(const struct kernel *kernel, const struct cpu *cpu,
			       enum kernel_symbol symbol, int32_t offset, size_t length)
{
	uint64_t value = kernel->map->symbols[symbol];

	if (!cpu->known || !value || offset == FIELD_UNKNOWN)
		return (struct word){0};
	return (struct word){gva(cpu->percpu.value + value + (uint64_t)offset), length};
}

static struct word rq_word(const struct kernel *kernel, const struct cpu *cpu,
			   enum kernel_field field, size_t length)
{
	return percpu_word(kernel, cpu, SYMBOL_runqueues, kernel->map->fields[field], length);
}

static struct word arrived_word(const struct kernel *kernel, const struct cpu *cpu)
{
	if (!cpu->current.value || !kernel_has(kernel, FIELD_task_last_arrival))
		return (struct word){0};
	return (struct word){
		gva_add(cpu->current, (uint64_t)kernel->map->fields[FIELD_task_last_arrival]), 8};
}

#define NUM_WORDS 5

static void list_words(const struct kernel *kernel, const struct cpu *cpu,
		       struct word words[NUM_WORDS])
{
	words[0] = rq_word(kernel, cpu, FIELD_rq_nr_running, 4);
	words[1] = rq_word(kernel, cpu, FIELD_rq_clock, 8);
	words[2] = arrived_word(kernel, cpu);
	words[3] = percpu_word(kernel, cpu, SYMBOL_tick_cpu_sched,
			       kernel->map->fields[FIELD_tick_sched_last_tick_jiffies], 8);
	words[4] = percpu_word(kernel, cpu, SYMBOL_watchdog_touch_ts, 0, 8);
}

void schedule_capture(const struct kernel *kernel, const struct cpu *cpu)
{
	struct word words[NUM_WORDS];

	list_words(kernel, cpu, words);
	for (size_t i = 0; i < NUM_WORDS; i++) {
		if (words[i].address.value)
			address_space_prefetch(&kernel->space, words[i].address, words[i].length);
	}
}

void schedule_capture_now(const struct kernel *kernel)
{
	uint64_t jiffies = kernel->map->symbols[SYMBOL_jiffies_64];

	if (jiffies)
		address_space_prefetch(&kernel->space, gva(jiffies), 8);
}

/* Little-endian, as in the guest. A value above INT64_MAX is no valid time or count. */
static struct maybe_int read_word(const struct kernel *kernel, struct word word)
{
	uint64_t value = 0;
	bool late = false;

	if (!word.address.value ||
	    !address_space_read(&kernel->space, word.address, &value, word.length, &late, NULL) ||
	    late || value > INT64_MAX)
		return (struct maybe_int){0};
	return (struct maybe_int){true, (int64_t)value};
}

void schedule_read(const struct kernel *kernel, const struct cpu *cpu, struct schedule *schedule)
{
	struct word words[NUM_WORDS];

	list_words(kernel, cpu, words);
	*schedule = (struct schedule){
		.runnable = read_word(kernel, words[0]),
		.clock_ns = read_word(kernel, words[1]),
		.arrived_ns = read_word(kernel, words[2]),
		.tick = read_word(kernel, words[3]),
		.watchdog_s = read_word(kernel, words[4]),
	};
}

struct maybe_int schedule_guess_hz(uint64_t jiffies, int64_t uptime_s)
{
	static const int64_t usual[] = {100, 250, 300, 1000};
	struct maybe_int best = {0};
	int64_t best_error = 10 + uptime_s / 50;

	for (size_t i = 0; i < G_N_ELEMENTS(usual); i++) {
		int64_t start = (int64_t)(uint32_t)(-INITIAL_SECONDS * usual[i]);
		int64_t error = ((int64_t)jiffies - start) / usual[i] - uptime_s;

		if (ABS(error) >= best_error)
			continue;
		best_error = ABS(error);
		best = (struct maybe_int){true, usual[i]};
	}
	return best;
}

void schedule_now(const struct kernel *kernel, const GArray *schedules, struct maybe_int uptime_s,
		  struct schedule_now *now)
{
	struct word jiffies = {gva(kernel->map->symbols[SYMBOL_jiffies_64]), 8};

	*now = (struct schedule_now){.jiffies = read_word(kernel, jiffies)};
	if (now->jiffies.known && uptime_s.known && uptime_s.value >= 0 &&
	    now->jiffies.value <= INT64_MAX / 2)
		now->hz = schedule_guess_hz((uint64_t)now->jiffies.value, uptime_s.value);
	for (guint i = 0; i < schedules->len; i++) {
		struct maybe_int clock = g_array_index(schedules, struct schedule, i).clock_ns;

		if (clock.known && (!now->clock_ns.known || clock.value > now->clock_ns.value))
			now->clock_ns = clock;
	}
}

/* The time from @then to @now; @unit: nanoseconds of one count. */
static struct maybe_int age(struct maybe_int now, struct maybe_int then, int64_t unit)
{
	if (!now.known || !then.known || then.value > now.value ||
	    (now.value - then.value) > INT64_MAX / unit)
		return (struct maybe_int){0};
	return (struct maybe_int){true, (now.value - then.value) * unit};
}

struct maybe_int schedule_task_ran_ns(const struct schedule *schedule,
				      const struct schedule_now *now)
{
	return age(now->clock_ns, schedule->arrived_ns, 1);
}

struct maybe_int schedule_tick_age_ns(const struct schedule *schedule,
				      const struct schedule_now *now)
{
	if (!now->hz.known)
		return (struct maybe_int){0};
	return age(now->jiffies, schedule->tick, NS_PER_S / now->hz.value);
}

struct maybe_int schedule_watchdog_age_ns(const struct schedule *schedule,
					  const struct schedule_now *now)
{
	struct maybe_int seconds = {now->clock_ns.known, now->clock_ns.value >> WATCHDOG_SHIFT};

	/* 0: the next run of the watchdog sets it, or the watchdog does not run. */
	if (!schedule->watchdog_s.value)
		return (struct maybe_int){0};
	return age(seconds, schedule->watchdog_s, 1ll << WATCHDOG_SHIFT);
}

static const char *lacks_clock(const struct kernel *kernel)
{
	if (!kernel->map->symbols[SYMBOL_runqueues])
		return "no symbol runqueues";
	return kernel_has(kernel, FIELD_rq_clock) ? NULL : "no offset of rq.clock";
}

const char *schedule_lacks_runnable(const struct kernel *kernel)
{
	if (!kernel->map->symbols[SYMBOL_runqueues])
		return "no symbol runqueues";
	return kernel_has(kernel, FIELD_rq_nr_running) ? NULL : "no offset of rq.nr_running";
}

const char *schedule_lacks_task_ran(const struct kernel *kernel)
{
	if (!kernel_has(kernel, FIELD_task_last_arrival))
		return "no offset of task_struct.sched_info (CONFIG_SCHED_INFO)";
	return lacks_clock(kernel);
}

const char *schedule_lacks_tick(const struct kernel *kernel)
{
	if (!kernel->map->symbols[SYMBOL_tick_cpu_sched] ||
	    !kernel->map->symbols[SYMBOL_jiffies_64])
		return "no symbol tick_cpu_sched or jiffies_64";
	return kernel_has(kernel, FIELD_tick_sched_last_tick_jiffies)
		       ? NULL
		       : "no offset of tick_sched.last_tick_jiffies";
}

const char *schedule_lacks_watchdog(const struct kernel *kernel)
{
	if (!kernel->map->symbols[SYMBOL_watchdog_touch_ts])
		return "no symbol watchdog_touch_ts (CONFIG_SOFTLOCKUP_DETECTOR)";
	return lacks_clock(kernel);
}
