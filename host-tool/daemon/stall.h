/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does a guest stand still? Compares the integers that a tick of the memory watch read in the guest
 * with those of the ticks before, and with what the host's scheduler says of the vCPUs' threads.
 * Nothing in the guest has to notice the hang. Reads nothing itself.
 *
 *   hard lockup  a vCPU used the processor for long, and its CPU's timer interrupts stood still
 *   soft lockup  interrupts arrive, and for long the guest's watchdog thread did not run; or the
 *                CPU's task stayed the same, in the kernel, while others waited for the CPU
 *   RCU stall    a grace period is under way and does not move, though no CPU is locked up
 *   starved      a vCPU's thread wants to run, and gets a tenth of the time or less
 *   dead         no CPU runs or takes a timer interrupt, though timers are due
 *   hung task    the guest's own detector counted one; it is over when those that were blocked
 *                then have run
 *   warning      the guest counted one
 *
 * Lockups are measured in processor time of the vCPU's thread, so a busy host makes none. What is
 * not known is not looked for.
 */
#ifndef OOPSBT_DAEMON_STALL_H
#define OOPSBT_DAEMON_STALL_H

#include "common/incident.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* CPUs beyond are not looked at. */
#define STALL_MAX_CPUS 1024
/* Ticks further apart (µs) tell nothing of the time between them: the look begins anew. So it does
 * while the guest is suspended, and after the host was. */
#define STALL_GAP_US (10 * G_TIME_SPAN_SECOND)

/* Seconds; 0: this kind is not looked for. */
struct stall_limits {
	unsigned int hard_s, soft_s; /* processor time: watchdog_thresh, and twice that */
	unsigned int rcu_s;	     /* rcu_cpu_stall_timeout */
	unsigned int starved_s, dead_s;
};

#define STALL_LIMITS_DEFAULT ((struct stall_limits){10, 20, 21, 60, 60})

/* Counts may have any value, and change by any: the guest writes them. */
struct stall_cpu {
	/* From the host. */
	bool known;	  /* the vCPU has a thread, and its times are below */
	bool runnable;	  /* the thread's state is R */
	gint64 used_us;	  /* user and guest time. Not system time: KVM polls in that when the guest
			   * has halted. */
	gint64 waited_us; /* second number of schedstat: grows when the thread gets to run */
	/* From the guest. */
	bool has_irqs, has_touch, has_current;
	bool tickless;	  /* in nohz_full: an interrupt a second is not promised to it */
	bool offline;	  /* the guest has taken it out */
	bool idle;	  /* current is the idle task */
	uint32_t irqs;	  /* irq_stat.apic_timer_irqs */
	uint64_t touch;	  /* watchdog_touch_ts; has_touch only while the watchdog looks at it */
	uint64_t current; /* the run queue's curr */
	uint64_t user;	  /* current's utime: stands still while it is in the kernel */
	bool others_wait; /* nr_running > 1 */
	bool has_next;	  /* it is online, and its next timer is known */
	uint64_t next_ns; /* hrtimer_bases.expires_next: since boot */
};

struct stall_sample {
	gint64 now_us;	 /* monotonic */
	gint64 slept_us; /* for how long the host has been suspended since it booted */
	bool asleep;	 /* the guest is suspended */
	unsigned int num_cpus;
	const struct stall_cpu *cpus; /* by the kernel's CPU number */
	bool has_gp_seq, has_hung_count, has_hung_warnings, has_warnings, has_clock;
	uint64_t gp_seq;     /* rcu_state.gp_seq: the two low bits are 0 while none is under way */
	uint64_t hung_count; /* sysctl_hung_task_detect_count: goes up */
	int32_t hung_warnings; /* sysctl_hung_task_warnings: goes down to 0; -1: does not count */
	uint32_t warnings;     /* warn_count */
	uint64_t clock_s;      /* since boot: the guest's clock as it last set it */
	unsigned int num_blocked; /* of the tasks of stall_follow(): have not run since */
};

enum stall_event {
	STALL_NONE,
	STALL_BEGAN,
	STALL_LASTS, /* told after 1 min, 4 min, 16 min, and so on */
	STALL_ENDED,
};

struct stall_finding {
	enum incident incident;
	int cpu;	 /* -1: of no one CPU */
	gint64 since_us; /* monotonic: when it stood still first, as far as it was seen */
	char evidence[160];
};

struct stall;

struct stall *stall_new(void);
void stall_free(struct stall *stall);

/*
 * The guest was paused, or in a debugger: what was seen before tells nothing of what comes. A hang
 * that was told is not told anew if it goes on; its end is when what stood still has moved.
 */
void stall_reset(struct stall *stall);

/* What has been told and is not over, for the next daemon on this host (its clock is the same).
 * g_free(). */
char *stall_to_text(const struct stall *stall);
/* Before the first look. Lines that are none are passed over. */
void stall_recall(struct stall *stall, const char *text);

/* The tasks that hang are known, since @since_us (monotonic) and at @now_us: the end of their wait
 * is told, and no other hung task before it. */
void stall_follow(struct stall *stall, gint64 since_us, gint64 now_us);

/*
 * CPUs that hang in the same way at about the same time are one incident: the first is told, and
 * the end of the last. All that are starved are one, and that is told once an hour at most: it is
 * the host that has no time.
 *
 * One tick. At most one event each: what else there is comes at the next ticks.
 * @finding: set unless STALL_NONE.
 */
enum stall_event stall_look(struct stall *stall, const struct stall_limits *limits,
			    const struct stall_sample *sample, struct stall_finding *finding);

#endif
