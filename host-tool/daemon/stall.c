/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/stall.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The low bits of a grace period's number are its state (RCU_SEQ_STATE_MASK). */
#define GP_STATE 3

/* The limit for doublings of the interval between reports of one hang. */
#define MAX_DOUBLINGS 20

/* CPUs that hang in the same way within this time have the same cause. */
#define JOIN_US G_TIME_SPAN_MINUTE
/* An overloaded host is reported at most once in this time. */
#define STARVED_US G_TIME_SPAN_HOUR
/* The time over which it is decided whether a wait goes on. */
#define LATELY_US (5 * G_TIME_SPAN_SECOND)
/* The interval between reads of a thread's times while these do not matter. */
#define TIMES_US (4 * G_TIME_SPAN_SECOND)
/* A shorter standstill also happens to a healthy CPU. */
#define STOOD_US (900 * G_TIME_SPAN_MILLISECOND)
/* A smaller difference between the host's two clocks is inaccuracy. */
#define SLEPT_US G_TIME_SPAN_SECOND
/* An idle guest is not seen to live at every tick. */
#define QUIET_US (4 * G_TIME_SPAN_SECOND)
/* A timer that is less late than this may still arrive. */
#define DUE_US (10 * G_TIME_SPAN_SECOND)
/* The same for a running CPU; the guest's clock has a resolution of a second. */
#define LATE_US G_TIME_SPAN_SECOND
/* KTIME_MAX, and values near it. */
#define NO_TIMER_NS ((uint64_t)1 << 62)
/* A counter of timer interrupts that has reached this value is in use. */
#define IN_USE 1000
/* A thousand years: a larger value is no clock. */
#define MAX_CLOCK_S ((uint64_t)1 << 35)

/* A hang that was reported. */
struct told {
	bool active;
	bool silent;  /* another CPU's hang is reported instead */
	bool changed; /* it was reported as another kind before */
	enum incident incident;
	gint64 since_us, began_us, next_us;
	/* If it was reported before the watch began, or before its limit: it ends when what stands
	 * still moves later than this. Else 0. */
	gint64 unsure_us;
	unsigned int times;
};

/* When a value last changed: the time, and the processor time that the vCPU had used. */
struct mark {
	gint64 at_us, used_us;
};

/* When a vCPU's thread began to get almost no processor time, and its waiting time until then. */
struct wait {
	gint64 at_us, used_us, waited_us;
};

struct cpu {
	struct stall_cpu last;
	struct stall_cpu looked; /* as of the last read of its thread's times */
	bool seen;
	struct mark irqs, touch, current;
	gint64 queued_us; /* start of the current wait of its thread, which schedstat has not
			     counted yet */
	struct wait starved, lately;
	struct told told;
};

struct stall {
	bool begun;
	bool irqs_move; /* some CPU's count has moved, so the guest's timer uses it */
	gint64 begun_us, last_us;
	unsigned int num_cpus;
	struct stall_sample last;
	gint64 gp_us, gp_stood_us; /* start of the grace period; time it has not moved, while the
				      host gave the vCPUs time */
	gint64 dead_us,
		clock_us;     /* when the guest was last seen to live; when its clock last moved */
	gint64 heard_us;      /* when the guest was last seen to live */
	gint64 quiet_us;      /* time since then, while the host gave the vCPUs time */
	uint64_t guest_us;    /* its approximate clock; 0: unknown */
	bool hung, warned;    /* not reported yet */
	unsigned int counted; /* bits of enum stall_counted: not reported yet */
	gint64 ended_us;      /* when a hang was last reported to be over; 0: never */
	gint64 unseen_us;     /* when a hang was last counted that was not seen; 0: never */
	enum incident unseen; /* its kind */
	gint64 starved_us;    /* when starvation was last reported; 0: never */
	bool starved_untold;  /* the current starvation is unreported: it came too soon */
	struct told rcu, dead;
	struct told blocked; /* tasks: their counts decide, whatever happened between two ticks */
	struct cpu cpus[STALL_MAX_CPUS];
};

struct stall *stall_new(void)
{
	return g_new0(struct stall, 1);
}

void stall_free(struct stall *stall)
{
	g_free(stall);
}

void stall_reset(struct stall *stall)
{
	stall->begun = false;
}

static struct mark mark(gint64 now_us, const struct stall_cpu *now)
{
	return (struct mark){now_us, now->most_us};
}

/*
 * Has its thread waited for the processor since the last read of its times or longer? It has not
 * run since, and was not seen to sleep then.
 */
static bool is_queued(const struct cpu *cpu, const struct stall_cpu *now)
{
	const struct stall_cpu *looked = &cpu->looked;

	return now->runnable && (looked->runnable || !looked->has_state) &&
	       now->ran_us == looked->ran_us && now->waited_us == looked->waited_us;
}

/* The total waiting time of its thread: schedstat counts a wait when it is over. */
static gint64 waited_us(const struct cpu *cpu, const struct stall_cpu *now)
{
	return now->waited_us + (is_queued(cpu, now) ? now->read_us - cpu->queued_us : 0);
}

static struct wait begin_wait(const struct cpu *cpu, const struct stall_cpu *now)
{
	return (struct wait){now->read_us, now->used_us, waited_us(cpu, now)};
}

static void begin_cpu(struct cpu *cpu, gint64 now_us, const struct stall_cpu *now)
{
	cpu->irqs = cpu->touch = cpu->current = mark(now_us, now);
	cpu->last = cpu->looked = *now;
	cpu->queued_us = now->read_us;
	cpu->starved = cpu->lately = begin_wait(cpu, now);
	cpu->seen = now->known;
}

/* How long the vCPU has wanted to run since @wait, and could not. */
static gint64 kept_us(const struct cpu *cpu, const struct wait *wait, const struct stall_cpu *now)
{
	return waited_us(cpu, now) - wait->waited_us;
}

/* Were its thread's times read in this tick? */
static bool is_fresh(const struct cpu *cpu, const struct stall_cpu *now)
{
	return now->read_us != cpu->looked.read_us;
}

/* The same since the last read of its thread's times. */
static gint64 kept_lately_us(const struct cpu *cpu, const struct stall_cpu *now)
{
	const struct wait last = begin_wait(cpu, &cpu->looked);

	if (!cpu->seen || !now->known || !is_fresh(cpu, now))
		return 0;
	return CLAMP(kept_us(cpu, &last, now), 0, now->read_us - last.at_us);
}

/* Its thread's times were read in this tick. */
static void follow_wait(struct cpu *cpu, const struct stall_cpu *now)
{
	gint64 lately_us = now->read_us - cpu->lately.at_us;
	gint64 kept_now_us = kept_lately_us(cpu, now);

	if (!is_queued(cpu, now))
		cpu->queued_us = now->read_us;
	/*
	 * Ten times overcommitted, a host gives a tenth of the time; with less, it is too busy. The
	 * time that the thread waited since the last read counts as the beginning of a long wait.
	 */
	if (kept_us(cpu, &cpu->starved, now) < (now->read_us - cpu->starved.at_us) / 10 * 9) {
		cpu->starved = cpu->lately = begin_wait(cpu, now);
		cpu->starved.at_us -= kept_now_us;
		cpu->starved.waited_us -= kept_now_us;
	}
	/* The starvation was long, but is over. */
	if (lately_us >= LATELY_US && kept_us(cpu, &cpu->lately, now) < lately_us / 2)
		cpu->starved = begin_wait(cpu, now);
	if (lately_us >= LATELY_US)
		cpu->lately = begin_wait(cpu, now);
}

/* Another CPU's hang of the same kind; @silent: one that is, or is not, reported. NULL: none. */
static struct told *find_other(struct stall *stall, const struct told *than, bool silent)
{
	for (unsigned int i = 0; i < stall->num_cpus; i++) {
		struct told *told = &stall->cpus[i].told;

		if (told != than && told->active && told->incident == than->incident &&
		    told->silent == silent)
			return told;
	}
	return NULL;
}

/* The CPU no longer hangs in this way. True: the reported hang continues on another CPU. */
static bool leave(struct stall *stall, struct told *told)
{
	struct told *other = told->silent ? NULL : find_other(stall, told, true);

	told->active = false;
	if (other) {
		other->silent = false;
		other->since_us = told->since_us;
		other->began_us = told->began_us;
		other->next_us = told->next_us;
		other->times = told->times;
	}
	return other || told->silent;
}

/* Its vCPU is gone or has changed: the end of the hang is unknown. */
static void forget(struct stall *stall, struct told *told)
{
	if (told->active)
		leave(stall, told);
}

/* It has used @used_us by now, so it had not used more before. */
static void bound_marks(struct cpu *cpu, gint64 used_us)
{
	cpu->irqs.used_us = MIN(cpu->irqs.used_us, used_us);
	cpu->touch.used_us = MIN(cpu->touch.used_us, used_us);
	cpu->current.used_us = MIN(cpu->current.used_us, used_us);
}

static void follow_cpu(struct stall *stall, struct cpu *cpu, gint64 now_us,
		       const struct stall_cpu *now)
{
	const struct stall_cpu *last = &cpu->last;

	if (!now->known || !cpu->seen || now->used_us < last->used_us ||
	    now->waited_us < last->waited_us) {
		forget(stall, &cpu->told);
		begin_cpu(cpu, now_us, now);
		return;
	}
	if (now->has_irqs && last->has_irqs && (now->irqs != last->irqs || now->irqs > IN_USE))
		stall->irqs_move = true;
	if (now->has_irqs != last->has_irqs || now->irqs != last->irqs)
		cpu->irqs = mark(now_us, now);
	if (now->has_touch != last->has_touch || now->touch != last->touch)
		cpu->touch = mark(now_us, now);
	if (now->has_current != last->has_current || now->current != last->current ||
	    now->user != last->user || !now->others_wait)
		cpu->current = mark(now_us, now);
	if (now->exact)
		bound_marks(cpu, now->used_us);
	if (is_fresh(cpu, now)) {
		follow_wait(cpu, now);
		cpu->looked = *now;
	}
	cpu->last = *now;
}

static bool over(gint64 us, unsigned int limit_s)
{
	return limit_s > 0 && us >= (gint64)limit_s * G_TIME_SPAN_SECOND;
}

static double seconds(gint64 us)
{
	return (double)us / G_TIME_SPAN_SECOND;
}

/*
 * Has a timer of the CPU been late for @late_us, as far as known? Otherwise the CPU need not get an
 * interrupt: it idles, and uses the processor because the host lets it halt without an exit
 * (-overcommit cpu-pm=on).
 */
static bool misses_timer(const struct stall *stall, const struct stall_cpu *now, gint64 late_us)
{
	if (!now->has_next || !stall->guest_us)
		return true;
	/* No timer: it is in its timer interrupt, or idles for good. */
	if (now->next_ns >= NO_TIMER_NS)
		return !now->idle;
	return now->next_ns / 1000 + (uint64_t)late_us < stall->guest_us;
}

static bool judge_cpu(const struct stall *stall, const struct cpu *cpu, int number,
		      const struct stall_limits *limits, struct stall_finding *finding)
{
	const struct stall_cpu *now = &cpu->last;
	gint64 used_us = now->used_us - cpu->irqs.used_us;
	gint64 untouched_us = now->used_us - cpu->touch.used_us;
	gint64 same_us = now->used_us - cpu->current.used_us;
	bool ticks = now->has_irqs && !now->tickless && !now->offline && stall->irqs_move;

	finding->cpu = number;
	if (!cpu->seen)
		return false;
	if (ticks && over(used_us, limits->hard_s) && misses_timer(stall, now, LATE_US)) {
		finding->incident = INCIDENT_HARD_LOCKUP;
		finding->since_us = cpu->irqs.at_us;
		g_snprintf(finding->evidence, sizeof(finding->evidence),
			   "CPU %d used %.0f s of processor time without a timer interrupt", number,
			   seconds(used_us));
	} else if (ticks && now->has_touch && over(untouched_us, limits->soft_s)) {
		finding->incident = INCIDENT_SOFT_LOCKUP;
		finding->since_us = cpu->touch.at_us;
		g_snprintf(finding->evidence, sizeof(finding->evidence),
			   "the watchdog of CPU %d did not run in %.0f s of processor time", number,
			   seconds(untouched_us));
	} else if (ticks && now->has_current && over(same_us, limits->soft_s)) {
		finding->incident = INCIDENT_SOFT_LOCKUP;
		finding->since_us = cpu->current.at_us;
		g_snprintf(finding->evidence, sizeof(finding->evidence),
			   "CPU %d ran one task in the kernel for %.0f s while others waited",
			   number, seconds(same_us));
	} else if (over(cpu->looked.read_us - cpu->starved.at_us, limits->starved_s)) {
		finding->incident = INCIDENT_STARVED;
		finding->since_us = cpu->starved.at_us;
		g_snprintf(finding->evidence, sizeof(finding->evidence),
			   "CPU %d got %.1f of %.0f s: the host kept it waiting", number,
			   seconds(now->used_us - cpu->starved.used_us),
			   seconds(cpu->looked.read_us - cpu->starved.at_us));
	} else {
		return false;
	}
	return true;
}

/* Four times as long each time, so that a hang of days does not displace its own first dump. */
static gint64 interval_us(unsigned int times)
{
	return G_TIME_SPAN_MINUTE << 2 * MIN(times, MAX_DOUBLINGS / 2);
}

static void tell_end(const struct told *told, gint64 now_us, struct stall_finding *finding)
{
	g_autofree char *who = finding->cpu >= 0 ? g_strdup_printf("CPU %d", finding->cpu)
			       : told->incident == INCIDENT_HUNG_TASK ? g_strdup("what was blocked")
								      : g_strdup("the guest");

	finding->incident = told->incident;
	finding->since_us = told->since_us;
	g_snprintf(finding->evidence, sizeof(finding->evidence), "%s ran on after %.0f s", who,
		   seconds(now_us - told->since_us));
}

/*
 * The reported hang that this one may be a part of: another CPU hangs in the same way, or takes no
 * interrupts while others wait for its answer and do not schedule. NULL: none.
 */
static const struct told *find_cause(struct stall *stall, const struct told *told)
{
	const struct told *other = find_other(stall, told, false);
	const struct told hard = {.incident = INCIDENT_HARD_LOCKUP};

	if (!other && told->incident == INCIDENT_SOFT_LOCKUP)
		other = find_other(stall, &hard, false);
	return other;
}

/* Is it one incident with the reported hang of another CPU? */
static bool joins(struct stall *stall, const struct told *told, gint64 now_us)
{
	const struct told *other = find_cause(stall, told);

	return other && (told->incident == INCIDENT_STARVED || now_us - other->began_us < JOIN_US);
}

static void add_others(struct stall *stall, const struct told *told, struct stall_finding *finding)
{
	size_t length = strlen(finding->evidence);
	unsigned int others = 0;

	for (unsigned int i = 0; i < stall->num_cpus; i++) {
		const struct told *other = &stall->cpus[i].told;

		others += other->active && other->silent && other->incident == told->incident;
	}
	if (others > 0)
		g_snprintf(finding->evidence + length, sizeof(finding->evidence) - length,
			   "; the same of %u more", others);
}

/* Has the guest counted a hang lately that was not seen? */
static bool was_unseen(const struct stall *stall, gint64 now_us)
{
	return stall->unseen_us && now_us - stall->unseen_us < STALL_SAME_HANG_US;
}

/*
 * @finding: the current hang if @stands; if it ended, receives the reported one. @moved_us: when
 * the stalled value last moved, or the watch began.
 */
static enum stall_event tell_change(struct stall *stall, struct told *told, bool stands,
				    gint64 moved_us, gint64 now_us, struct stall_finding *finding)
{
	bool changed;

	if (!stands && (!told->active || moved_us <= told->unsure_us))
		return STALL_NONE;
	told->unsure_us = 0;
	if (!stands) {
		if (leave(stall, told))
			return STALL_NONE;
		tell_end(told, now_us, finding);
		stall->ended_us = now_us;
		return STALL_ENDED;
	}
	/* A hang that alternates between kinds is reported like one that lasts. */
	if (told->active && told->changed && !told->silent)
		told->incident = finding->incident;
	if (told->active && told->incident == finding->incident) {
		/* The cause is over, but this hang is not. */
		if (told->silent && !find_cause(stall, told)) {
			told->silent = false;
			return STALL_BEGAN;
		}
		if (told->silent || now_us < told->next_us)
			return STALL_NONE;
		add_others(stall, told, finding);
		told->next_us = now_us + interval_us(++told->times);
		return STALL_LASTS;
	}
	changed = told->active;
	forget(stall, told);
	*told = (struct told){.active = true,
			      .changed = changed,
			      .incident = finding->incident,
			      .since_us = finding->since_us,
			      .began_us = now_us,
			      .next_us = now_us + interval_us(0)};
	told->silent = joins(stall, told, now_us);
	if (told->silent || (was_unseen(stall, now_us) && stall->unseen == told->incident))
		return STALL_NONE;
	return STALL_BEGAN;
}

/* The host causes starvation, which comes and goes with its other load. */
static enum stall_event tell_starved(struct stall *stall, enum stall_event event, gint64 now_us)
{
	if (event == STALL_ENDED)
		return stall->starved_untold ? STALL_NONE : event;
	if (stall->starved_us && now_us - stall->starved_us < STARVED_US) {
		stall->starved_untold |= event == STALL_BEGAN;
		return STALL_NONE;
	}
	if (stall->starved_untold)
		event = STALL_BEGAN;
	stall->starved_us = now_us;
	stall->starved_untold = false;
	return event;
}

static bool judge_dead(const struct stall *stall, const struct stall_limits *limits, gint64 now_us,
		       struct stall_finding *finding)
{
	finding->cpu = -1;
	if (!stall->irqs_move || !over(now_us - stall->dead_us, limits->dead_s))
		return false;
	finding->incident = INCIDENT_DEAD;
	finding->since_us = stall->dead_us;
	g_snprintf(finding->evidence, sizeof(finding->evidence),
		   "no vCPU ran or took a timer interrupt in %.0f s, and timers are due",
		   seconds(now_us - stall->dead_us));
	return true;
}

static bool is_told_of_a_cpu(const struct stall *stall, enum incident incident)
{
	for (unsigned int i = 0; i < stall->num_cpus; i++) {
		const struct told *told = &stall->cpus[i].told;

		if (told->active && told->incident == incident)
			return true;
	}
	return false;
}

static bool judge_rcu(const struct stall *stall, const struct stall_limits *limits,
		      struct stall_finding *finding)
{
	finding->cpu = -1;
	if (!over(stall->gp_stood_us, limits->rcu_s) ||
	    (!stall->rcu.active && is_told_of_a_cpu(stall, INCIDENT_STARVED)))
		return false;
	finding->incident = INCIDENT_RCU_STALL;
	finding->since_us = stall->gp_us;
	g_snprintf(finding->evidence, sizeof(finding->evidence),
		   "an RCU grace period does not end: it has not moved for %.0f s",
		   seconds(stall->gp_stood_us));
	return true;
}

/*
 * Does the vCPU live: has it had an interrupt, has it run, or does it want to run? @dead: the guest
 * is reported as dead. Then it must run: a freeze also wakes the threads of a dead guest.
 */
static bool lives(const struct cpu *cpu, const struct stall_cpu *now, gint64 passed_us, bool dead)
{
	gint64 before_us = now->read_us - cpu->looked.read_us - passed_us;

	if (!now->known)
		return false;
	if (!cpu->seen || !now->has_irqs || now->irqs != cpu->last.irqs)
		return true;
	/* Time that it may have used before this tick does not count. */
	return is_fresh(cpu, now) &&
	       ((now->runnable && !dead) ||
		now->used_us - cpu->looked.most_us - before_us > passed_us / 10);
}

/* The guest's clock stands if no CPU updates it, although time goes on. */
static void follow_clock(struct stall *stall, const struct stall_sample *now)
{
	if (!now->has_clock || !stall->last.has_clock || now->clock_s != stall->last.clock_s)
		stall->clock_us = now->now_us;
	stall->guest_us = 0;
	if (now->has_clock && now->clock_s <= MAX_CLOCK_S)
		stall->guest_us =
			now->clock_s * G_USEC_PER_SEC + (uint64_t)(now->now_us - stall->clock_us);
}

/* Has a CPU's timer been due for a while? */
static bool timers_are_due(const struct stall *stall, const struct stall_sample *now,
			   unsigned int num_cpus)
{
	for (unsigned int i = 0; stall->guest_us && i < num_cpus; i++) {
		const struct stall_cpu *cpu = &now->cpus[i];

		if (cpu->known && cpu->has_next && !cpu->offline &&
		    cpu->next_ns / 1000 + DUE_US < stall->guest_us)
			return true;
	}
	return false;
}

/*
 * @given_us: the processor time since the last tick of the vCPU that waited most. Negative: the
 * vCPU waited before that tick, and this tick read it.
 */
static void follow_guest(struct stall *stall, const struct stall_sample *now, gint64 given_us,
			 bool lives, bool due)
{
	bool same = now->has_gp_seq && stall->last.has_gp_seq &&
		    now->gp_seq == stall->last.gp_seq && (now->gp_seq & GP_STATE) != 0;

	stall->quiet_us += given_us;
	if (!same) {
		stall->gp_us = now->now_us;
		stall->gp_stood_us = stall->quiet_us = 0;
	} else if (lives) {
		stall->gp_stood_us +=
			now->now_us - stall->heard_us <= QUIET_US ? stall->quiet_us : given_us;
		stall->gp_stood_us = MAX(stall->gp_stood_us, 0);
	}
	if (lives) {
		stall->heard_us = now->now_us;
		stall->quiet_us = 0;
	}
	if (lives || !due)
		stall->dead_us = now->now_us;
}

/*
 * A locked-up CPU also stalls grace periods. Then both are one hang: the lockup is reported, and
 * its end. A grace period that still stalls after that is measured from the end of the lockup.
 */
static void follow_lockups(struct stall *stall, gint64 now_us)
{
	if (!is_told_of_a_cpu(stall, INCIDENT_HARD_LOCKUP) &&
	    !is_told_of_a_cpu(stall, INCIDENT_SOFT_LOCKUP))
		return;
	stall->rcu.active = false;
	stall->gp_us = now_us;
	stall->gp_stood_us = 0;
}

void stall_follow(struct stall *stall, gint64 since_us, gint64 now_us)
{
	struct told *told = &stall->blocked;

	if (!told->active)
		*told = (struct told){
			.active = true,
			.incident = INCIDENT_HUNG_TASK,
			.began_us = now_us,
			.next_us = now_us + interval_us(0),
		};
	told->since_us = since_us;
}

/* Only for reported tasks. */
static bool judge_blocked(const struct stall *stall, const struct stall_sample *now,
			  struct stall_finding *finding)
{
	finding->cpu = -1;
	if (!stall->blocked.active || now->num_blocked == 0)
		return false;
	finding->incident = INCIDENT_HUNG_TASK;
	finding->since_us = stall->blocked.since_us;
	g_snprintf(finding->evidence, sizeof(finding->evidence),
		   "tasks have been blocked for %.0f s: %u",
		   seconds(now->now_us - stall->blocked.since_us), now->num_blocked);
	return true;
}

static bool has_hung(const struct stall_sample *last, const struct stall_sample *now)
{
	if (now->has_hung_count && last->has_hung_count)
		return now->hung_count > last->hung_count;
	return now->has_hung_warnings && last->has_hung_warnings && now->hung_warnings >= 0 &&
	       now->hung_warnings < last->hung_warnings;
}

/* The last change of the value that showed the CPU's hang. */
static gint64 moved_us(const struct cpu *cpu)
{
	switch (cpu->told.incident) {
	case INCIDENT_HARD_LOCKUP:
		return cpu->irqs.at_us;
	case INCIDENT_STARVED:
		return cpu->starved.at_us;
	default:
		return cpu->last.has_touch ? cpu->touch.at_us : cpu->current.at_us;
	}
}

static bool has_warned(const struct stall_sample *last, const struct stall_sample *now)
{
	return now->has_warnings && last->has_warnings && now->warnings != last->warnings;
}

/*
 * Reports what the guest counted, only if there is nothing else, since it may count all the time.
 */
static enum stall_event tell_counted(struct stall *stall, struct stall_finding *finding)
{
	const char *evidence = stall->hung ? "the guest's detector counted a hung task"
					   : "the guest counted a warning";

	if (!stall->hung && !stall->warned)
		return STALL_NONE;
	*finding = (struct stall_finding){stall->hung ? INCIDENT_HUNG_TASK : INCIDENT_WARNING, -1,
					  stall->last_us, ""};
	g_strlcpy(finding->evidence, evidence, sizeof(finding->evidence));
	if (stall->hung)
		stall->hung = false;
	else
		stall->warned = false;
	return STALL_BEGAN;
}

static void begin_stall(struct stall *stall, const struct stall_sample *now, unsigned int num_cpus)
{
	stall->begun = true;
	stall->num_cpus = num_cpus;
	stall->begun_us = stall->heard_us = now->now_us;
	stall->gp_us = stall->dead_us = stall->clock_us = now->now_us;
	stall->hung = stall->warned = false;
	stall->counted = 0;
	stall->gp_stood_us = 0;
	for (unsigned int i = 0; i < STALL_MAX_CPUS; i++) {
		struct cpu *cpu = &stall->cpus[i];

		if (i < num_cpus)
			begin_cpu(cpu, now->now_us, &now->cpus[i]);
		if (i >= num_cpus || !now->cpus[i].known)
			forget(stall, &cpu->told);
		cpu->told.unsure_us = now->now_us;
	}
	stall->rcu.unsure_us = stall->dead.unsure_us = now->now_us;
}

static void keep(struct stall *stall, const struct stall_sample *now)
{
	stall->last = *now;
	stall->last.cpus = NULL; /* owned by the caller */
	stall->last_us = now->now_us;
}

static bool has_counted(const struct stall *stall, const struct stall_sample *now, unsigned int i)
{
	return now->has_count[i] && stall->last.has_count[i] &&
	       now->counts[i] != stall->last.counts[i];
}

bool stall_counts_rise(const struct stall *stall, const struct stall_sample *sample)
{
	bool rise = false;

	for (unsigned int i = 0; i < STALL_NUM_COUNTED; i++)
		rise |= stall->begun && has_counted(stall, sample, i);
	return rise;
}

static void follow_all(struct stall *stall, const struct stall_sample *sample)
{
	gint64 now_us = sample->now_us, passed_us = now_us - stall->last_us;
	gint64 most_kept_us = 0;
	bool known = false, lively = false;

	for (unsigned int i = 0; i < stall->num_cpus; i++) {
		struct cpu *cpu = &stall->cpus[i];

		known |= sample->cpus[i].known;
		lively |= lives(cpu, &sample->cpus[i], passed_us, stall->dead.active);
		most_kept_us = MAX(most_kept_us, kept_lately_us(cpu, &sample->cpus[i]));
		follow_cpu(stall, cpu, now_us, &sample->cpus[i]);
	}
	if (!known)
		stall->dead = (struct told){0};
	follow_clock(stall, sample);
	follow_guest(stall, sample, passed_us - most_kept_us, lively || !known,
		     timers_are_due(stall, sample, stall->num_cpus));
	follow_lockups(stall, now_us);
	/* The detector counts the same task repeatedly. */
	stall->hung |= has_hung(&stall->last, sample) && !stall->blocked.active;
	stall->warned |= has_warned(&stall->last, sample);
	for (unsigned int i = 0; i < STALL_NUM_COUNTED; i++)
		stall->counted |= has_counted(stall, sample, i) ? 1u << i : 0;
}

static enum stall_event tell_cpus(struct stall *stall, const struct stall_limits *limits,
				  gint64 now_us, struct stall_finding *finding)
{
	for (unsigned int i = 0; i < stall->num_cpus; i++) {
		struct cpu *cpu = &stall->cpus[i];
		bool stands = judge_cpu(stall, cpu, (int)i, limits, finding);
		enum stall_event event =
			tell_change(stall, &cpu->told, stands, moved_us(cpu), now_us, finding);

		if (event != STALL_NONE && finding->incident == INCIDENT_STARVED)
			event = tell_starved(stall, event, now_us);
		if (event != STALL_NONE)
			return event;
	}
	return STALL_NONE;
}

static enum stall_event tell_guest(struct stall *stall, const struct stall_limits *limits,
				   const struct stall_sample *sample, struct stall_finding *finding)
{
	gint64 now_us = sample->now_us;
	enum stall_event event;

	event = tell_change(stall, &stall->dead, judge_dead(stall, limits, now_us, finding),
			    stall->heard_us, now_us, finding);
	if (event == STALL_NONE)
		event = tell_change(stall, &stall->rcu, judge_rcu(stall, limits, finding),
				    stall->gp_us, now_us, finding);
	if (event == STALL_NONE)
		event = tell_change(stall, &stall->blocked, judge_blocked(stall, sample, finding),
				    now_us, now_us, finding);
	return event;
}

/* True if a reported hang still goes on. */
static bool is_telling(const struct stall *stall)
{
	for (unsigned int i = 0; i < stall->num_cpus; i++) {
		if (stall->cpus[i].told.active)
			return true;
	}
	return stall->rcu.active || stall->dead.active || stall->blocked.active;
}

static void add_guest(struct stall_finding *finding)
{
	g_strlcat(finding->evidence, "; the guest's own detector reported it",
		  sizeof(finding->evidence));
}

/* Reports a hang before its time limit. */
static enum stall_event tell_early(struct stall *stall, struct told *told, gint64 now_us,
				   struct stall_finding *finding)
{
	enum stall_event event = tell_change(stall, told, true, now_us, now_us, finding);

	told->unsure_us = now_us;
	add_guest(finding);
	return event;
}

enum stall_event stall_guest_told(struct stall *stall, const struct stall_limits *limits,
				  const struct stall_sample *sample, bool *known,
				  struct stall_finding *finding)
{
	const struct stall_limits halves = {.hard_s = (limits->hard_s + 1) / 2,
					    .soft_s = (limits->soft_s + 1) / 2,
					    .rcu_s = (limits->rcu_s + 1) / 2};
	gint64 now_us = sample->now_us;
	bool telling = is_telling(stall);

	*known = telling || was_unseen(stall, now_us);
	if (telling)
		return STALL_NONE;
	for (unsigned int i = 0; i < stall->num_cpus; i++) {
		struct cpu *cpu = &stall->cpus[i];

		if (judge_cpu(stall, cpu, (int)i, &halves, finding))
			return tell_early(stall, &cpu->told, now_us, finding);
	}
	if (judge_rcu(stall, &halves, finding))
		return tell_early(stall, &stall->rcu, now_us, finding);
	return STALL_NONE;
}

/*
 * The guest's detectors have counted a hang. It is no other incident while a hang is known, or just
 * after one or after a pause: when the guest runs again, a detector counts the time that it was
 * away.
 */
static enum stall_event tell_detected(struct stall *stall, const struct stall_limits *limits,
				      const struct stall_sample *sample,
				      struct stall_finding *finding)
{
	static const struct {
		enum incident incident;
		const char *evidence;
	} kinds[STALL_NUM_COUNTED] = {
		[STALL_COUNTED_SOFT] = {INCIDENT_SOFT_LOCKUP,
					"the guest's own detector counted a soft lockup"},
		[STALL_COUNTED_HARD] = {INCIDENT_HARD_LOCKUP,
					"the guest's own detector counted a hard lockup"},
		[STALL_COUNTED_RCU] = {INCIDENT_RCU_STALL,
				       "the guest's own detector counted an RCU stall"},
	};
	unsigned int counted = stall->counted, first = 0;
	gint64 now_us = sample->now_us;
	enum stall_event event;
	bool known;

	stall->counted = 0;
	if (!counted || !over(now_us - MAX(stall->begun_us, stall->ended_us), limits->soft_s))
		return STALL_NONE;
	event = stall_guest_told(stall, limits, sample, &known, finding);
	if (event != STALL_NONE || known)
		return event;
	while (!(counted & 1u << first))
		first++;
	stall->unseen_us = now_us;
	stall->unseen = kinds[first].incident;
	*finding = (struct stall_finding){kinds[first].incident, -1, now_us, ""};
	g_strlcpy(finding->evidence, kinds[first].evidence, sizeof(finding->evidence));
	return STALL_UNSEEN;
}

enum stall_event stall_look(struct stall *stall, const struct stall_limits *limits,
			    const struct stall_sample *sample, struct stall_finding *finding)
{
	unsigned int num_cpus = MIN(sample->num_cpus, STALL_MAX_CPUS);
	gint64 passed_us = sample->now_us - stall->last_us;
	enum stall_event event;

	if (!stall->begun || passed_us < 0 || passed_us > STALL_GAP_US || sample->asleep ||
	    sample->slept_us - stall->last.slept_us > SLEPT_US || num_cpus != stall->num_cpus) {
		begin_stall(stall, sample, num_cpus);
		keep(stall, sample);
		return STALL_NONE;
	}
	follow_all(stall, sample);
	keep(stall, sample);
	event = tell_cpus(stall, limits, sample->now_us, finding);
	if (event == STALL_NONE)
		event = tell_guest(stall, limits, sample, finding);
	if (event == STALL_NONE)
		event = tell_detected(stall, limits, sample, finding);
	return event != STALL_NONE ? event : tell_counted(stall, finding);
}

/* May it be starved before the next regular read of its thread's times? */
static bool may_starve(const struct cpu *cpu, const struct stall_limits *limits, gint64 now_us)
{
	return over(now_us - cpu->starved.at_us + TIMES_US, limits->starved_s) &&
	       (limits->starved_s * G_TIME_SPAN_SECOND <= TIMES_US ||
		cpu->looked.read_us > cpu->starved.at_us);
}

/*
 * Does a standstill since @mark matter? Not a short one. Else the thread's times are needed at its
 * beginning, and when the vCPU may have used @limit_s since.
 */
static bool matters(const struct cpu *cpu, const struct mark *mark, unsigned int limit_s,
		    gint64 now_us)
{
	gint64 most_us = cpu->looked.most_us + (now_us - cpu->looked.read_us);

	return now_us - mark->at_us > STOOD_US &&
	       (mark->at_us > cpu->looked.read_us || over(most_us - mark->used_us, limit_s));
}

/* Does a value of the guest stand still that moves on a healthy CPU, and does that matter? */
static bool stands(const struct cpu *cpu, const struct stall_cpu *now,
		   const struct stall_limits *limits, gint64 now_us)
{
	const struct stall_cpu *last = &cpu->last;

	if (now->has_irqs && now->irqs == last->irqs &&
	    matters(cpu, &cpu->irqs, limits->hard_s, now_us))
		return true;
	if (now->has_touch && now->touch == last->touch &&
	    matters(cpu, &cpu->touch, limits->soft_s, now_us))
		return true;
	return now->has_current && now->current == last->current && now->others_wait &&
	       matters(cpu, &cpu->current, limits->soft_s, now_us);
}

enum stall_times stall_needs_times(const struct stall *stall, unsigned int number,
				   const struct stall_cpu *now, const struct stall_limits *limits,
				   gint64 now_us)
{
	const struct cpu *cpu = &stall->cpus[MIN(number, STALL_MAX_CPUS - 1)];

	if (!stall->begun || !cpu->seen || cpu->told.active || may_starve(cpu, limits, now_us))
		return STALL_TIMES_EXACT;
	if (stands(cpu, now, limits, now_us))
		return STALL_TIMES_EXACT;
	if (now->touch != cpu->last.touch || now_us - cpu->looked.read_us >= TIMES_US)
		return STALL_TIMES_ABOUT;
	return STALL_TIMES_NONE;
}

/* --- the state for the next daemon --- */

static void append_told(GString *text, const struct told *told, int cpu)
{
	if (told->active)
		g_string_append_printf(text, "%s %d %d %d %u %" PRId64 " %" PRId64 " %" PRId64 "\n",
				       incident_name(told->incident), cpu, told->silent,
				       told->changed, told->times, told->since_us, told->began_us,
				       told->next_us);
}

char *stall_to_text(const struct stall *stall)
{
	GString *text = g_string_new(NULL);

	for (int i = 0; i < STALL_MAX_CPUS; i++)
		append_told(text, &stall->cpus[i].told, i);
	append_told(text, &stall->dead, -1);
	append_told(text, &stall->rcu, -1);
	append_told(text, &stall->blocked, -1);
	return g_string_free(text, FALSE);
}

/* NULL: there is no such incident. */
static struct told *told_of(struct stall *stall, enum incident incident, int cpu)
{
	switch (incident) {
	case INCIDENT_HARD_LOCKUP:
	case INCIDENT_SOFT_LOCKUP:
	case INCIDENT_STARVED:
		return cpu >= 0 && cpu < STALL_MAX_CPUS ? &stall->cpus[cpu].told : NULL;
	case INCIDENT_DEAD:
		return &stall->dead;
	case INCIDENT_RCU_STALL:
		return &stall->rcu;
	case INCIDENT_HUNG_TASK:
		return &stall->blocked;
	default:
		return NULL;
	}
}

static void recall(struct stall *stall, const char *line)
{
	struct told told = {.active = true}, *place;
	int cpu, silent, changed;
	char name[32];

	if (sscanf(line, "%31s %d %d %d %u %" SCNd64 " %" SCNd64 " %" SCNd64, name, &cpu, &silent,
		   &changed, &told.times, &told.since_us, &told.began_us, &told.next_us) != 8 ||
	    !incident_from_name(name, &told.incident))
		return;
	told.silent = silent != 0;
	told.changed = changed != 0;
	place = told_of(stall, told.incident, cpu);
	if (!place)
		return;
	*place = told;
	if (told.incident == INCIDENT_STARVED)
		stall->starved_us = MAX(stall->starved_us, told.began_us);
}

void stall_recall(struct stall *stall, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++)
		recall(stall, *line);
}
