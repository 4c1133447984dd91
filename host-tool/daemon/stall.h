/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Detects hangs of a guest. Compares the integers that a tick of the memory watch read in the guest
 * with those of earlier ticks, and with the scheduling of the vCPUs' threads on the host. The guest
 * itself need not notice the hang. This code reads no memory.
 *
 *   hard lockup  a vCPU used the processor for long without a timer interrupt of its CPU
 *   soft lockup  interrupts arrive, but the guest's watchdog thread did not run for long; or the
 *                CPU's task stayed the same, in the kernel, while others waited for the CPU
 *   RCU stall    a grace period is in progress and does not move, and no CPU is locked up
 *   starved      a vCPU's thread wants to run, but gets a tenth of the time or less
 *   dead         no CPU runs or takes a timer interrupt, although timers are due
 *   hung task    the guest's own detector counted one; it ends when the tasks that were blocked
 *                then have run
 *   warning      the guest counted one
 *
 * Where the kernel counts hangs itself (6.16 and later), a count that rises is a hang at once.
 *
 * Lockups are measured in processor time of the vCPU's thread, so a busy host causes none. Without
 * the values that a kind needs, it is not detected.
 */
#ifndef OOPSBT_DAEMON_STALL_H
#define OOPSBT_DAEMON_STALL_H

#include "common/incident.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The guest's detectors report a hang that goes on again within this time. */
#define STALL_SAME_HANG_US (150 * G_TIME_SPAN_SECOND)

/* CPUs beyond this number are not watched. */
#define STALL_MAX_CPUS 1024
/*
 * The maximum time between ticks (µs): after a larger gap the comparison begins anew, as it does
 * while the guest is suspended and after the host was.
 */
#define STALL_GAP_US (10 * G_TIME_SPAN_SECOND)

/* Seconds; 0: do not detect this kind. */
struct stall_limits {
	unsigned int hard_s, soft_s; /* processor time: watchdog_thresh, and twice that */
	unsigned int rcu_s;	     /* rcu_cpu_stall_timeout */
	unsigned int starved_s, dead_s;
};

#define STALL_LIMITS_DEFAULT ((struct stall_limits){10, 20, 21, 60, 60})

/* Counts may have any value and change by any amount: the guest writes them. */
struct stall_cpu {
	/* From the host, as of .read_us: see stall_needs_times(). */
	bool known;	  /* the vCPU has a thread, and its times follow */
	bool has_state;	  /* the thread's state was read */
	bool runnable;	  /* the state was R */
	bool stopped;	  /* the state was T or t: by a signal or a debugger */
	bool exact;	  /* .used_us is of this tick */
	gint64 read_us;	  /* when the times were read: monotonic */
	gint64 used_us;	  /* user and guest time. System time is excluded: KVM polls in it while the
			     guest is halted. */
	gint64 most_us;	  /* upper limit of it at this tick */
	gint64 ran_us;	  /* first number of schedstat: includes system time */
	gint64 waited_us; /* second number of schedstat: grows when the thread starts to run */
	/* From the guest. */
	bool has_irqs, has_touch, has_current;
	bool tickless;	  /* in nohz_full: may have no regular timer interrupt */
	bool offline;	  /* the guest has taken it offline */
	bool idle;	  /* current is the idle task */
	uint32_t irqs;	  /* irq_stat.apic_timer_irqs */
	uint64_t touch;	  /* watchdog_touch_ts; has_touch only while the watchdog looks at it */
	uint64_t current; /* the run queue's curr */
	uint64_t user;	  /* current's utime: does not change while the task is in the kernel */
	bool others_wait; /* nr_running > 1 */
	bool has_next;	  /* online, with a known next timer */
	uint64_t next_ns; /* hrtimer_bases.expires_next, ns since boot */
};

/* What the kernel's own detectors count. */
enum stall_counted {
	STALL_COUNTED_SOFT, /* softlockup_count */
	STALL_COUNTED_HARD, /* hardlockup_count */
	STALL_COUNTED_RCU,  /* rcu_stall_count */
	STALL_NUM_COUNTED,
};

struct stall_sample {
	gint64 now_us;	 /* monotonic */
	gint64 slept_us; /* total time since boot for which the host was suspended */
	bool asleep;	 /* the guest is suspended, or its QEMU is stopped */
	unsigned int num_cpus;
	const struct stall_cpu *cpus; /* indexed by Linux CPU number */
	bool has_gp_seq, has_hung_count, has_hung_warnings, has_warnings, has_clock;
	uint64_t gp_seq;       /* rcu_state.gp_seq: the two low bits are 0 if no grace period is in
				  progress */
	uint64_t hung_count;   /* sysctl_hung_task_detect_count: increases */
	int32_t hung_warnings; /* sysctl_hung_task_warnings: decreases to 0; -1: does not count */
	uint32_t warnings;     /* warn_count */
	bool has_count[STALL_NUM_COUNTED];
	uint32_t counts[STALL_NUM_COUNTED];
	uint64_t clock_s;	  /* the guest's clock at its last update, since boot */
	unsigned int num_blocked; /* tasks of stall_follow() that have not run since */
};

enum stall_event {
	STALL_NONE,
	STALL_BEGAN,
	STALL_LASTS, /* reported after 1 min, 4 min, 16 min, and so on */
	STALL_ENDED,
	STALL_UNSEEN, /* only the guest's detector has seen it. It may return again for one hang. */
};

struct stall_finding {
	enum incident incident;
	int cpu;	 /* -1: not of a single CPU */
	gint64 since_us; /* monotonic: when the hang was first seen */
	char evidence[160];
};

struct stall;

struct stall *stall_new(void);
void stall_free(struct stall *stall);

/*
 * The guest was paused or in a debugger: drops earlier values. A reported hang that continues is
 * not reported again; its end is reported when the stalled value has moved.
 */
void stall_reset(struct stall *stall);

/*
 * The reported hangs that are not over, for the next daemon on this host (which has the same
 * clock). g_free().
 */
char *stall_to_text(const struct stall *stall);
/* Call it before the first look. Skips invalid lines. */
void stall_recall(struct stall *stall, const char *text);

/*
 * The hung tasks are known, since @since_us (monotonic) and at @now_us: reports the end of their
 * wait, and no other hung task before it.
 */
void stall_follow(struct stall *stall, gint64 since_us, gint64 now_us);

/*
 * The guest has reported a hang: its own detector found one. Call it after a stall_look() at the
 * same
 * @sample that returned STALL_NONE. What has stood still for at least half of its limit is what the
 * guest means. STALL_NONE: it was reported already (*@known), or nothing stands still. @finding:
 * set unless STALL_NONE.
 */
enum stall_event stall_guest_told(struct stall *stall, const struct stall_limits *limits,
				  const struct stall_sample *sample, bool *known,
				  struct stall_finding *finding);

/*
 * Has a detector of the guest counted a hang since the last tick? Then this tick must read all
 * times.
 */
bool stall_counts_rise(const struct stall *stall, const struct stall_sample *sample);

/*
 * The times of a vCPU's thread that a tick must read. A read costs a system call or two, and the
 * times of a CPU that takes interrupts and runs its watchdog do not matter. When a standstill
 * begins, they are read, and time that was used before does not count: no hang is reported early.
 */
enum stall_times {
	STALL_TIMES_NONE,
	STALL_TIMES_ABOUT, /* ran_us, waited_us and most_us */
	STALL_TIMES_EXACT, /* also used_us */
};

/* @number: the Linux CPU number. @cpu: with the guest's values of this tick. */
enum stall_times stall_needs_times(const struct stall *stall, unsigned int number,
				   const struct stall_cpu *cpu, const struct stall_limits *limits,
				   gint64 now_us);

/*
 * Processes one tick. CPUs that hang in the same way at about the same time are one incident: its
 * first hang is reported, and the end of its last. All starved CPUs are one incident, reported once
 * an hour at most, since the host causes it. Returns at most one event; later ticks return the
 * others. @finding: set unless STALL_NONE.
 */
enum stall_event stall_look(struct stall *stall, const struct stall_limits *limits,
			    const struct stall_sample *sample, struct stall_finding *finding);

#endif
