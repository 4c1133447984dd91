/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a CPU's scheduler and timer tick: the number of runnable tasks, how long the current
 * task has run, and when the CPU had its last tick and last touched its lockup watchdog. Each is a
 * word or two in the run queue (struct rq), the current task (sched_info), struct tick_sched or the
 * per-CPU variable watchdog_touch_ts. All of it changes while the guest runs: read it while the
 * guest is frozen.
 *
 * Every age is a minimum, because the kernel's clocks are read as the kernel last set them. If all
 * CPUs sleep except a stuck one, no CPU sets them.
 */
#ifndef OOPSBT_KERNEL_SCHEDULE_H
#define OOPSBT_KERNEL_SCHEDULE_H

#include "base/maybe.h"
#include "kernel/cpu.h"

/* One CPU's words as read. A word that was read after the thaw is unknown. */
struct schedule {
	struct maybe_int runnable;   /* number of tasks, including the current one; 0: idle */
	struct maybe_int clock_ns;   /* the run queue's clock at its last update */
	struct maybe_int arrived_ns; /* when the current task got the CPU, by the same clock */
	struct maybe_int tick;	     /* jiffies at the last tick */
	struct maybe_int watchdog_s; /* when the watchdog was last touched, in units of 2^30 ns */
};

/* The guest's clocks, to which the words above are compared. */
struct schedule_now {
	struct maybe_int clock_ns; /* the latest clock of all run queues */
	struct maybe_int jiffies;
	struct maybe_int hz; /* ticks per second */
};

/* Reads into the snapshot the memory of this CPU that schedule_read() needs. */
void schedule_capture(const struct kernel *kernel, const struct cpu *cpu);
/* Reads into the snapshot the memory that is the same for all CPUs. */
void schedule_capture_now(const struct kernel *kernel);

void schedule_read(const struct kernel *kernel, const struct cpu *cpu, struct schedule *schedule);

/*
 * Computes the clocks from all CPUs' words (array of struct schedule) and the seconds since boot,
 * if known.
 */
void schedule_now(const struct kernel *kernel, const GArray *schedules, struct maybe_int uptime_s,
		  struct schedule_now *now);

/* Ages in ns; unknown if a part is unknown, or the two disagree. */
struct maybe_int schedule_task_ran_ns(const struct schedule *schedule,
				      const struct schedule_now *now);
struct maybe_int schedule_tick_age_ns(const struct schedule *schedule,
				      const struct schedule_now *now);
struct maybe_int schedule_watchdog_age_ns(const struct schedule *schedule,
					  const struct schedule_now *now);

/* The reason why this kernel lacks the value, for the report; NULL: it has the value. */
const char *schedule_lacks_runnable(const struct kernel *kernel);
const char *schedule_lacks_task_ran(const struct kernel *kernel);
const char *schedule_lacks_tick(const struct kernel *kernel);
const char *schedule_lacks_watchdog(const struct kernel *kernel);

/*
 * Ticks per second, from jiffies and the seconds since boot. Jiffies start 300 s before their low
 * 32 bits overflow (INITIAL_JIFFIES in include/linux/jiffies.h). Unknown if no usual value fits.
 */
struct maybe_int schedule_guess_hz(uint64_t jiffies, int64_t uptime_s);

#endif
