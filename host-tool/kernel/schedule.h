/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a CPU's scheduler and timer tick say: how much it has to run, how long it has run what it
 * runs, when it last had a tick and when its lockup watchdog last ran. Each is a word or two in
 * the run queue (struct rq), in the current task (sched_info), in struct tick_sched and in the
 * per-CPU variable watchdog_touch_ts. All of it changes while the guest runs: read it while frozen.
 *
 * The kernel's clocks are read as the kernel last set them, so every age is "at least": where all
 * CPUs but a stuck one sleep, nobody sets them.
 */
#ifndef OOPSBT_KERNEL_SCHEDULE_H
#define OOPSBT_KERNEL_SCHEDULE_H

#include "base/maybe.h"
#include "kernel/cpu.h"

/* One CPU's words, as they are. What was read after the thaw is not known. */
struct schedule {
	struct maybe_int runnable;   /* tasks, the current one among them; idle: 0 */
	struct maybe_int clock_ns;   /* the run queue's, when that was last set */
	struct maybe_int arrived_ns; /* by the same clock: when the current task got the CPU */
	struct maybe_int tick;	     /* jiffies at the last tick */
	struct maybe_int watchdog_s; /* units of 2^30 ns; when the watchdog was last touched */
};

/* The guest's own times that the words above are compared with. */
struct schedule_now {
	struct maybe_int clock_ns; /* the latest of all run queues' */
	struct maybe_int jiffies;
	struct maybe_int hz; /* ticks a second */
};

/* Reads into the snapshot what schedule_read() will need of this CPU. */
void schedule_capture(const struct kernel *kernel, const struct cpu *cpu);
/* Reads into the snapshot what is the same for all of them. */
void schedule_capture_now(const struct kernel *kernel);

void schedule_read(const struct kernel *kernel, const struct cpu *cpu, struct schedule *schedule);

/* From all CPUs' words (array of struct schedule) and the seconds since boot (if known). */
void schedule_now(const struct kernel *kernel, const GArray *schedules, struct maybe_int uptime_s,
		  struct schedule_now *now);

/* Ages in ns; not known where a part is not, or the two do not fit. */
struct maybe_int schedule_task_ran_ns(const struct schedule *schedule,
				      const struct schedule_now *now);
struct maybe_int schedule_tick_age_ns(const struct schedule *schedule,
				      const struct schedule_now *now);
struct maybe_int schedule_watchdog_age_ns(const struct schedule *schedule,
					  const struct schedule_now *now);

/* What this kernel does not carry of each, for the report; NULL: nothing is missing. */
const char *schedule_lacks_runnable(const struct kernel *kernel);
const char *schedule_lacks_task_ran(const struct kernel *kernel);
const char *schedule_lacks_tick(const struct kernel *kernel);
const char *schedule_lacks_watchdog(const struct kernel *kernel);

/*
 * Ticks a second from jiffies, which start 300 s before they wrap as 32 bits (INITIAL_JIFFIES in
 * include/linux/jiffies.h), and the seconds since boot. Not known where none of the usual fits.
 */
struct maybe_int schedule_guess_hz(uint64_t jiffies, int64_t uptime_s);

#endif
