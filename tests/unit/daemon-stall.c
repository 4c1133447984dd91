/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/stall.h"

#include <string.h>

#define SECOND G_TIME_SPAN_SECOND
#define NUM_CPUS 4
#define NS_PER_S UINT64_C(1000000000)

/* A guest, and the load of its CPUs per second. */
struct world {
	struct stall *stall;
	struct stall_limits limits;
	struct stall_cpu cpus[NUM_CPUS];
	gint64 system_us[NUM_CPUS]; /* of their threads' time */
	struct stall_sample sample;
	/* What is known of that. */
	bool lazily; /* times are read when they are needed */
	bool whole;  /* and all of them now */
	struct stall_cpu known[NUM_CPUS];
	gint64 parts_us[NUM_CPUS], parts_ran_us[NUM_CPUS], most_us[NUM_CPUS];
	unsigned int num_reads; /* of a thread's times */
	struct rates {
		bool halted; /* else it runs */
		bool no_irqs, same_task, same_touch, kept, half;
	} rates[NUM_CPUS];
	unsigned int touch_every_s; /* by the guest's watchdog */
	bool gp_stands;
	unsigned int num_began, num_lasts, num_ended, num_unseen;
	struct stall_finding began, lasts, ended, unseen;
};

static bool lazily; /* the test that runs is to be like that */

static void world_begin(struct world *world)
{
	*world = (struct world){
		.stall = stall_new(), .limits = STALL_LIMITS_DEFAULT, .lazily = lazily};
	world->limits.starved_s = 20;
	world->touch_every_s = 1;
	world->sample = (struct stall_sample){
		.now_us = 1000 * SECOND,
		.num_cpus = NUM_CPUS,
		.has_gp_seq = true,
		.gp_seq = 5,
	};
	for (unsigned int i = 0; i < NUM_CPUS; i++)
		world->cpus[i] = (struct stall_cpu){
			.known = true,
			.has_irqs = true,
			.has_touch = true,
			.has_current = true,
			.others_wait = true,
		};
}

/* As vcpu_thread_read(). */
static void read_times(struct world *world, unsigned int i, const struct stall_cpu *last,
		       enum stall_times times)
{
	const struct stall_cpu *real = &world->cpus[i];
	struct stall_cpu *cpu = &world->known[i];

	world->num_reads++;
	cpu->read_us = world->sample.now_us;
	cpu->ran_us = real->used_us + world->system_us[i];
	cpu->waited_us = real->waited_us;
	cpu->exact = times == STALL_TIMES_EXACT ||
		     cpu->read_us - world->parts_us[i] >= 16 * SECOND ||
		     (cpu->ran_us == last->ran_us && cpu->waited_us == last->waited_us);
	cpu->has_state = cpu->exact;
	cpu->runnable = cpu->exact && real->runnable;
	cpu->used_us = cpu->exact ? real->used_us : last->used_us;
	if (cpu->exact) {
		world->parts_us[i] = cpu->read_us;
		world->parts_ran_us[i] = cpu->ran_us;
	}
	cpu->most_us = world->most_us[i] = cpu->used_us + (cpu->ran_us - world->parts_ran_us[i]);
}

static void know_cpu(struct world *world, unsigned int i)
{
	const struct stall_cpu last = world->known[i];
	struct stall_cpu *cpu = &world->known[i];
	enum stall_times times = STALL_TIMES_EXACT;

	*cpu = world->cpus[i];
	/* All of a new thread's times are read. */
	if (world->lazily && !world->whole && last.known &&
	    cpu->used_us + world->system_us[i] >= last.ran_us)
		times = stall_needs_times(world->stall, i, cpu, &world->limits,
					  world->sample.now_us);
	/* Who calls it sees to that. */
	if (times == STALL_TIMES_NONE && world->gp_stands)
		times = STALL_TIMES_ABOUT;
	if (times != STALL_TIMES_NONE) {
		read_times(world, i, &last, times);
		return;
	}
	cpu->exact = false;
	cpu->has_state = last.has_state;
	cpu->runnable = last.runnable;
	cpu->read_us = last.read_us;
	cpu->ran_us = last.ran_us;
	cpu->waited_us = last.waited_us;
	cpu->used_us = last.used_us;
	cpu->most_us = world->most_us[i] + (world->sample.now_us - last.read_us);
}

static void look(struct world *world)
{
	struct stall_finding finding;

	world->whole |= stall_counts_rise(world->stall, &world->sample);
	for (unsigned int i = 0; i < NUM_CPUS; i++)
		know_cpu(world, i);
	world->whole = false;
	world->sample.cpus = world->known;
	switch (stall_look(world->stall, &world->limits, &world->sample, &finding)) {
	case STALL_NONE:
		break;
	case STALL_BEGAN:
		world->num_began++;
		world->began = finding;
		break;
	case STALL_LASTS:
		world->num_lasts++;
		world->lasts = finding;
		break;
	case STALL_ENDED:
		world->num_ended++;
		world->ended = finding;
		break;
	case STALL_UNSEEN:
		world->num_unseen++;
		world->unseen = finding;
		break;
	}
}

static void run(struct world *world, unsigned int num_seconds)
{
	for (unsigned int s = 0; s < num_seconds; s++) {
		bool touches = world->sample.now_us / SECOND % world->touch_every_s == 0;

		world->sample.now_us += SECOND;
		world->sample.gp_seq += world->gp_stands ? 0 : 4;
		for (unsigned int i = 0; i < NUM_CPUS; i++) {
			struct stall_cpu *cpu = &world->cpus[i];
			const struct rates *rates = &world->rates[i];

			cpu->irqs += rates->no_irqs ? 0 : 250;
			cpu->touch += rates->same_touch || !touches ? 0 : 1;
			cpu->current += rates->same_task ? 0 : 64;
			if (rates->kept)
				cpu->waited_us += SECOND * 95 / 100;
			if (rates->half)
				cpu->waited_us += SECOND / 2;
			cpu->used_us += rates->halted ? 0
					: rates->kept ? SECOND / 20
					: rates->half ? SECOND / 2
						      : SECOND;
		}
		look(world);
	}
}

static void world_end(struct world *world)
{
	stall_free(world->stall);
}

static void check_began(struct world *world, enum incident incident, int cpu)
{
	g_assert_cmpuint(world->num_began, ==, 1);
	g_assert_cmpint(world->began.incident, ==, incident);
	g_assert_cmpint(world->began.cpu, ==, cpu);
	g_assert_cmpstr(world->began.evidence, !=, "");
}

static void test_kinds(void)
{
	static const struct {
		struct rates rates; /* of vCPU 2 */
		bool gp_stands;
		enum incident incident;
		int cpu;
		unsigned int limit_s;
	} cases[] = {
		{{.no_irqs = true, .same_task = true, .same_touch = true},
		 false,
		 INCIDENT_HARD_LOCKUP,
		 2,
		 10},
		{{.same_touch = true}, false, INCIDENT_SOFT_LOCKUP, 2, 20},
		{{.same_task = true}, false, INCIDENT_SOFT_LOCKUP, 2, 20},
		{{.kept = true}, false, INCIDENT_STARVED, 2, 20},
		{{0}, true, INCIDENT_RCU_STALL, -1, 21},
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct world world;

		world_begin(&world);
		run(&world, 5);
		world.rates[2] = cases[i].rates;
		world.gp_stands = cases[i].gp_stands;
		run(&world, cases[i].limit_s - 1);
		g_assert_cmpuint(world.num_began, ==, 0);
		run(&world, 2);
		check_began(&world, cases[i].incident, cases[i].cpu);
		g_assert_cmpint(world.began.since_us, ==, 1005 * SECOND);
		world_end(&world);
	}
}

static void test_no_hang(void)
{
	static const struct {
		struct rates rates; /* of all vCPUs */
		bool tickless, idle_rq, unknown, debug_gap;
	} cases[] = {
		{.rates = {0}},
		/* tickless idle, halted, or unplugged */
		{.rates = {.halted = true, .no_irqs = true, .same_task = true, .same_touch = true}},
		/* nohz_full: one task in user mode */
		{.rates = {.no_irqs = true, .same_task = true, .same_touch = true},
		 .tickless = true,
		 .idle_rq = true},
		/* one task computes alone; idle=poll */
		{.rates = {.same_task = true}, .idle_rq = true},
		{.rates = {.no_irqs = true, .same_task = true}, .unknown = true},
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct world world;

		world_begin(&world);
		run(&world, 5);
		for (unsigned int cpu = 0; cpu < NUM_CPUS; cpu++) {
			world.rates[cpu] = cases[i].rates;
			world.cpus[cpu].tickless = cases[i].tickless;
			world.cpus[cpu].others_wait = !cases[i].idle_rq;
			world.cpus[cpu].known = !cases[i].unknown;
		}
		run(&world, 300);
		g_assert_cmpuint(world.num_began, ==, 0);
		world_end(&world);
	}
}

#define NO_TIMER INT64_MAX /* KTIME_MAX */

/* Runs the guest with a clock that advances and CPU 2's next timer at @next_ns. */
static void run_with_timer(struct world *world, unsigned int num_seconds, uint64_t next_ns)
{
	world->sample.has_clock = true;
	for (unsigned int i = 0; i < num_seconds; i++) {
		world->sample.clock_s++;
		world->cpus[2].has_next = true;
		world->cpus[2].next_ns = next_ns;
		run(world, 1);
	}
}

/* A host with cpu-pm=on lets its guests halt without an exit: an idle CPU uses all its time. */
static void test_halts_unseen(void)
{
	static const struct {
		bool offline, idle;
		uint64_t next_ns;
		bool hangs;
	} cases[] = {
		{.next_ns = 900 * NS_PER_S, .idle = true},
		{.next_ns = NO_TIMER, .idle = true},
		{.next_ns = 3 * NS_PER_S, .idle = true, .offline = true},
		/*
		 * its timer is late: an interrupt handler hangs that started while the CPU was idle
		 */
		{.next_ns = 3 * NS_PER_S, .idle = true, .hangs = true},
		/* in its timer interrupt */
		{.next_ns = NO_TIMER, .hangs = true},
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct world world;

		world_begin(&world);
		run_with_timer(&world, 5, 9 * NS_PER_S);
		world.rates[2] = (struct rates){.no_irqs = true};
		world.cpus[2].offline = cases[i].offline;
		world.cpus[2].idle = cases[i].idle;
		run_with_timer(&world, 300, cases[i].next_ns);
		if (cases[i].hangs)
			check_began(&world, INCIDENT_HARD_LOCKUP, 2);
		else
			g_assert_cmpuint(world.num_began, ==, 0);
		world_end(&world);
	}
}

/* An idle guest's clock that is no time: no timer is late by it. */
static void test_wrong_clock(void)
{
	static const uint64_t clocks[] = {UINT64_C(1) << 36, UINT64_MAX / 1000000, UINT64_MAX};

	for (unsigned int i = 0; i < G_N_ELEMENTS(clocks); i++) {
		struct world world;

		world_begin(&world);
		run_with_timer(&world, 5, 9 * NS_PER_S);
		for (unsigned int cpu = 0; cpu < NUM_CPUS; cpu++)
			world.rates[cpu] = (struct rates){.halted = true, .no_irqs = true};
		world.sample.clock_s = clocks[i];
		run(&world, 300);
		g_assert_cmpuint(world.num_began, ==, 0);
		world_end(&world);
	}
}

/* nohz_full=1-3: CPU 0 has a tick, and the other CPUs do not hang in user mode. */
static void test_tickless(void)
{
	struct world world;

	world_begin(&world);
	for (unsigned int i = 1; i < NUM_CPUS; i++)
		world.cpus[i].tickless = true;
	run(&world, 5);
	for (unsigned int i = 1; i < NUM_CPUS; i++)
		world.rates[i] =
			(struct rates){.no_irqs = true, .same_task = true, .same_touch = true};
	run(&world, 300);
	g_assert_cmpuint(world.num_began, ==, 0);
	world.rates[0] = (struct rates){.no_irqs = true};
	run(&world, 12);
	check_began(&world, INCIDENT_HARD_LOCKUP, 0);
	world_end(&world);
}

/* Suspend to idle, or to RAM: timers expire without an interrupt. */
static void test_guest_sleeps(void)
{
	struct world world;

	world_begin(&world);
	run_with_timer(&world, 5, 9 * NS_PER_S);
	for (unsigned int i = 0; i < NUM_CPUS; i++)
		world.rates[i] = (struct rates){.halted = true, .no_irqs = true};
	world.gp_stands = true;
	world.sample.asleep = true;
	run(&world, 3600);
	g_assert_cmpuint(world.num_began, ==, 0);
	world.sample.asleep = false;
	world.sample.clock_s += 3600;
	run(&world, 8); /* it wakes up */
	memset(world.rates, 0, sizeof(world.rates));
	world.gp_stands = false;
	run_with_timer(&world, 60, 4000 * NS_PER_S);
	g_assert_cmpuint(world.num_began, ==, 0);
	world_end(&world);
}

/* The host was suspended: its monotonic clock stopped, and the guest's clock may have advanced. */
static void test_host_sleeps(void)
{
	struct world world;

	world_begin(&world);
	run_with_timer(&world, 5, 9 * NS_PER_S);
	for (unsigned int i = 0; i < 10; i++) {
		for (unsigned int cpu = 0; cpu < NUM_CPUS; cpu++)
			world.rates[cpu] = (struct rates){.no_irqs = true};
		run_with_timer(&world, 9, 9 * NS_PER_S);
		world.sample.slept_us += 8 * 3600 * SECOND;
		world.sample.clock_s += 8 * 3600;
	}
	g_assert_cmpuint(world.num_began, ==, 0);
	world_end(&world);
}

/* A grace period counts only the time that the host lets the guest run. */
static void test_grace_period_of_a_slow_guest(void)
{
	struct world world;

	/* QEMU is stopped, or the host sleeps: the guest makes no progress and has no work. */
	world_begin(&world);
	run(&world, 5);
	world.gp_stands = true;
	for (unsigned int i = 0; i < NUM_CPUS; i++)
		world.rates[i] = (struct rates){
			.halted = true, .no_irqs = true, .same_task = true, .same_touch = true};
	run(&world, 60);
	memset(world.rates, 0, sizeof(world.rates));
	run(&world, 20);
	g_assert_cmpuint(world.num_began, ==, 0);
	run(&world, 3);
	check_began(&world, INCIDENT_RCU_STALL, -1);
	world_end(&world);

	/* The host delays one vCPU for half of the time. */
	world_begin(&world);
	run(&world, 5);
	world.gp_stands = true;
	world.rates[1].half = true;
	run(&world, 41);
	g_assert_cmpuint(world.num_began, ==, 0);
	run(&world, 3);
	check_began(&world, INCIDENT_RCU_STALL, -1);
	world_end(&world);
}

/* All CPUs are idle, and the watch sees an interrupt every third second. */
static void test_grace_period_of_an_idle_guest(void)
{
	struct world world;

	world_begin(&world);
	run(&world, 5);
	world.gp_stands = true;
	for (unsigned int second = 0; second < 24; second++) {
		for (unsigned int i = 0; i < NUM_CPUS; i++)
			world.rates[i] =
				(struct rates){.halted = true, .no_irqs = i > 0 || second % 3 != 0};
		g_assert_cmpuint(world.num_began, ==, second > 21);
		run(&world, 1);
	}
	check_began(&world, INCIDENT_RCU_STALL, -1);
	world_end(&world);
}

static void test_to_and_fro(void)
{
	struct world world;

	world_begin(&world);
	run(&world, 5);
	for (unsigned int i = 0; i < 30; i++) {
		world.rates[2] = (struct rates){
			.no_irqs = i % 2 == 0, .same_task = true, .same_touch = true};
		run(&world, 21);
	}
	/* The first report, its change, and then fewer and fewer: after 1, 4 and so on minutes. */
	g_assert_cmpuint(world.num_began, ==, 2);
	g_assert_cmpuint(world.num_lasts, ==, 2);
	g_assert_cmpuint(world.num_ended, ==, 0);
	world_end(&world);
}

static void test_busy_host(void)
{
	struct world world;

	world_begin(&world);
	world.limits.starved_s = 0;
	run(&world, 5);
	for (unsigned int i = 0; i < NUM_CPUS; i++)
		world.rates[i] = (struct rates){.kept = true, .no_irqs = true};
	world.gp_stands = true;
	run(&world, 100); /* 5 s of processor time */
	g_assert_cmpuint(world.num_began, ==, 0);
	world_end(&world);
}

static void test_waits_unseen(void)
{
	struct world world;

	world_begin(&world);
	run(&world, 5);
	world.rates[1] = (struct rates){.halted = true, .no_irqs = true};
	world.cpus[1].runnable = true;
	run(&world, 23);
	check_began(&world, INCIDENT_STARVED, 1);
	world_end(&world);
}

/* A vCPU that runs for 5 ms per second, always at the time of the sample. */
static void test_in_step(void)
{
	struct world world;

	world_begin(&world);
	run(&world, 5);
	world.rates[1] = (struct rates){.halted = true};
	world.cpus[1].runnable = true;
	for (unsigned int i = 0; i < 300; i++) {
		world.cpus[1].used_us += i % 2 ? 10000 : 0; /* in ticks of the host */
		world.cpus[1].waited_us += 20;
		run(&world, 1);
	}
	g_assert_cmpuint(world.num_began, ==, 0);
	world_end(&world);
}

/* The guest stops the update of its clock 15 s after its boot. */
static void stop_clock(struct world *world)
{
	world->sample.has_clock = true;
	world->sample.clock_s = 15;
}

static void test_dead(void)
{
	struct world world;

	world_begin(&world);
	run(&world, 5);
	for (unsigned int i = 0; i < NUM_CPUS; i++)
		world.rates[i] = (struct rates){.halted = true, .no_irqs = true};
	stop_clock(&world);
	world.cpus[1].has_next = true;
	world.cpus[1].next_ns = 20 * NS_PER_S; /* it expires 10 s later */
	run(&world, 5 + 10 + 59);
	g_assert_cmpuint(world.num_began, ==, 0);
	run(&world, 4);
	check_began(&world, INCIDENT_DEAD, -1);
	/* Its own freeze wakes a thread, which may wait for a processor then. */
	world.cpus[1].runnable = true;
	run(&world, 1);
	world.cpus[1].runnable = false;
	run(&world, 2);
	g_assert_cmpuint(world.num_ended, ==, 0);
	for (unsigned int i = 0; i < NUM_CPUS; i++)
		world.cpus[i].known = false; /* destroyed */
	run(&world, 2);
	g_assert_cmpuint(world.num_ended, ==, 0);
	world_end(&world);
}

/* An idle guest whose next timer is far away, and CPUs that are offline or were unplugged. */
static void test_sleeps(void)
{
	struct world world;

	world_begin(&world);
	run(&world, 5);
	for (unsigned int i = 0; i < NUM_CPUS; i++) {
		world.rates[i] = (struct rates){.halted = true, .no_irqs = true};
		world.cpus[i].next_ns = (15 + 400 * i) * NS_PER_S;
		world.cpus[i].has_next = i > 0;
	}
	stop_clock(&world);
	run(&world, 390);
	g_assert_cmpuint(world.num_began, ==, 0);
	world.sample.clock_s = UINT64_MAX; /* no clock */
	run(&world, 100);
	g_assert_cmpuint(world.num_began, ==, 0);
	world_end(&world);
}

static void test_gap(void)
{
	struct world world;

	world_begin(&world);
	run(&world, 5);
	world.rates[0] = (struct rates){.no_irqs = true};
	for (unsigned int i = 0; i < 20; i++) {
		run(&world, 8);
		if (i % 2)
			stall_reset(world.stall);
		else
			world.sample.now_us += 3600 * SECOND;
	}
	g_assert_cmpuint(world.num_began, ==, 0);
	world_end(&world);
}

static void test_lasts_and_ends(void)
{
	struct world world;

	world_begin(&world);
	run(&world, 5);
	world.rates[3] = (struct rates){.no_irqs = true};
	run(&world, 15 + 60 * (1 + 4 + 16 + 64 + 128));
	g_assert_cmpuint(world.num_began, ==, 1);
	g_assert_cmpuint(world.num_lasts, ==, 4);
	world.rates[3] = (struct rates){0};
	run(&world, 5);
	g_assert_cmpuint(world.num_ended, ==, 1);
	g_assert_cmpint(world.ended.cpu, ==, 3);
	g_assert_cmpint(world.ended.incident, ==, INCIDENT_HARD_LOCKUP);
	g_assert_cmpstr(world.ended.evidence, ==, "CPU 3 ran on after 12796 s");
	world_end(&world);
}

/* A pause, or another daemon: the watch does not report a continuing hang again. */
static void begin_anew(struct world *world, bool another_daemon)
{
	g_autofree char *text = stall_to_text(world->stall);

	if (!another_daemon) {
		stall_reset(world->stall);
		return;
	}
	stall_free(world->stall);
	world->stall = stall_new();
	stall_recall(world->stall,
		     "no line\nhard-lockup 99999 0 0 0 0 0 0\nwarning -1 0 0 0 0 0 0\n");
	stall_recall(world->stall, text);
}

static void test_goes_on(void)
{
	static const struct {
		struct rates rates; /* of vCPU 2 */
		bool gp_stands;
		enum incident incident;
	} cases[] = {
		{{.no_irqs = true}, false, INCIDENT_HARD_LOCKUP},
		{{.same_touch = true}, false, INCIDENT_SOFT_LOCKUP},
		{{.kept = true}, false, INCIDENT_STARVED},
		{{0}, true, INCIDENT_RCU_STALL},
	};

	for (unsigned int i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
		struct world world;

		world_begin(&world);
		run(&world, 5);
		world.rates[2] = cases[i / 2].rates;
		world.gp_stands = cases[i / 2].gp_stands;
		run(&world, 30);
		g_assert_cmpuint(world.num_began, ==, 1);
		for (unsigned int times = 0; times < 2; times++) {
			world.sample.now_us += 20 * SECOND;
			begin_anew(&world, i % 2);
			run(&world, 25);
		}
		g_assert_cmpuint(world.num_began, ==, 1);
		/* The watch reports this once per hour at most. */
		g_assert_cmpuint(world.num_lasts, ==,
				 (cases[i / 2].incident == INCIDENT_STARVED ? 0 : 1));
		g_assert_cmpuint(world.num_ended, ==, 0);
		begin_anew(&world, i % 2);
		world.rates[2] = (struct rates){0};
		world.gp_stands = false;
		run(&world, 10);
		g_assert_cmpuint(world.num_ended, ==, 1);
		g_assert_cmpint(world.ended.incident, ==, cases[i / 2].incident);
		world_end(&world);
	}
}

/* The guest hung when the watch began: the watch never saw an interrupt. */
static void test_hangs_already(void)
{
	struct world world;

	world_begin(&world);
	for (unsigned int i = 0; i < NUM_CPUS; i++) {
		world.cpus[i].irqs = 5000;
		world.rates[i] = (struct rates){.halted = i > 0, .no_irqs = true};
	}
	run(&world, 12);
	check_began(&world, INCIDENT_HARD_LOCKUP, 0);
	world_end(&world);

	world_begin(&world);
	for (unsigned int i = 0; i < NUM_CPUS; i++) {
		world.cpus[i].irqs = 5000;
		world.rates[i] = (struct rates){.halted = true, .no_irqs = true};
	}
	stop_clock(&world);
	world.cpus[1].has_next = true;
	world.cpus[1].next_ns = 16 * NS_PER_S;
	run(&world, 11 + 62);
	check_began(&world, INCIDENT_DEAD, -1);
	begin_anew(&world, true);
	run(&world, 200);
	g_assert_cmpuint(world.num_began, ==, 1);
	g_assert_cmpuint(world.num_ended, ==, 0);
	world_end(&world);
}

static void test_together(void)
{
	struct world world;

	world_begin(&world);
	run(&world, 5);
	world.rates[1] = (struct rates){.no_irqs = true};
	run(&world, 1);
	world.rates[2] = world.rates[3] = world.rates[1];
	run(&world, 12);
	check_began(&world, INCIDENT_HARD_LOCKUP, 1);
	run(&world, 60);
	g_assert_cmpuint(world.num_lasts, ==, 1);
	g_assert_nonnull(strstr(world.lasts.evidence, "; the same of 2 more"));
	/* The incident ends when none of these CPUs hangs any more. */
	world.rates[1] = world.rates[3] = (struct rates){0};
	run(&world, 5);
	g_assert_cmpuint(world.num_ended, ==, 0);
	world.rates[2] = (struct rates){0};
	run(&world, 5);
	check_began(&world, INCIDENT_HARD_LOCKUP, 1);
	g_assert_cmpuint(world.num_ended, ==, 1);
	g_assert_cmpint(world.ended.since_us, ==, 1005 * SECOND);
	world_end(&world);
}

/* A CPU that waits for another CPU's response to an interrupt is not an incident of its own. */
static void test_waits_for_a_cpu(void)
{
	struct world world;

	world_begin(&world);
	run(&world, 5);
	world.rates[1] = (struct rates){.no_irqs = true};
	world.rates[2] = (struct rates){.same_task = true};
	run(&world, 40);
	check_began(&world, INCIDENT_HARD_LOCKUP, 1);
	world.rates[2] = (struct rates){0};
	run(&world, 2);
	g_assert_cmpuint(world.num_ended, ==, 0);
	/* If it continues, it is an incident. */
	world.rates[2] = (struct rates){.same_task = true};
	run(&world, 22);
	world.rates[1] = (struct rates){0};
	run(&world, 3);
	g_assert_cmpuint(world.num_ended, ==, 1);
	g_assert_cmpuint(world.num_began, ==, 2);
	g_assert_cmpint(world.began.incident, ==, INCIDENT_SOFT_LOCKUP);
	world_end(&world);
}

/* A reader that spins: first the grace period stalls, then the CPU is also locked up. */
static void test_grace_period_and_lockup(void)
{
	struct world world;

	world_begin(&world);
	world.limits.rcu_s = 5;
	run(&world, 5);
	world.rates[2] = (struct rates){.same_task = true};
	world.gp_stands = true;
	run(&world, 7);
	check_began(&world, INCIDENT_RCU_STALL, -1);
	run(&world, 20);
	g_assert_cmpuint(world.num_began, ==, 2);
	g_assert_cmpint(world.began.incident, ==, INCIDENT_SOFT_LOCKUP);
	/* The CPU continues, and the grace period ends some seconds later. */
	world.rates[2] = (struct rates){0};
	run(&world, 3);
	world.gp_stands = false;
	run(&world, 60);
	g_assert_cmpuint(world.num_began, ==, 2);
	g_assert_cmpuint(world.num_ended, ==, 1);
	g_assert_cmpint(world.ended.incident, ==, INCIDENT_SOFT_LOCKUP);
	world_end(&world);

	/* This CPU did not block the grace period. */
	world_begin(&world);
	world.limits.rcu_s = 5;
	run(&world, 5);
	world.rates[2] = (struct rates){.same_task = true};
	world.gp_stands = true;
	run(&world, 30);
	g_assert_cmpuint(world.num_began, ==, 2);
	world.rates[2] = (struct rates){0};
	run(&world, 8);
	g_assert_cmpuint(world.num_began, ==, 3);
	g_assert_cmpint(world.began.incident, ==, INCIDENT_RCU_STALL);
	world.gp_stands = false;
	run(&world, 2);
	g_assert_cmpuint(world.num_ended, ==, 2);
	g_assert_cmpint(world.ended.incident, ==, INCIDENT_RCU_STALL);
	world_end(&world);
}

/* The host delays one vCPU, and a grace period of the guest stalls for another reason. */
static void test_grace_period_and_starved(void)
{
	struct world world;

	world_begin(&world);
	run(&world, 5);
	world.gp_stands = true;
	run(&world, 25);
	check_began(&world, INCIDENT_RCU_STALL, -1);
	world.rates[2] = (struct rates){.kept = true};
	run(&world, 25);
	g_assert_cmpint(world.began.incident, ==, INCIDENT_STARVED);
	world.rates[2] = (struct rates){0};
	run(&world, 10);
	g_assert_cmpint(world.ended.incident, ==, INCIDENT_STARVED);
	world.gp_stands = false;
	run(&world, 2);
	g_assert_cmpuint(world.num_began, ==, 2);
	g_assert_cmpuint(world.num_ended, ==, 2);
	g_assert_cmpint(world.ended.incident, ==, INCIDENT_RCU_STALL);
	world_end(&world);
}

static void test_one_after_the_other(void)
{
	struct world world;

	world_begin(&world);
	run(&world, 5);
	world.rates[1] = (struct rates){.no_irqs = true};
	run(&world, 100);
	world.rates[2] = world.rates[1];
	run(&world, 12);
	g_assert_cmpuint(world.num_began, ==, 2);
	g_assert_cmpint(world.began.cpu, ==, 2);
	world_end(&world);
}

/* The host has no time for the guest, and the starved vCPUs change. */
static void test_starved_together(void)
{
	struct world world;

	world_begin(&world);
	run(&world, 5);
	world.rates[0] = (struct rates){.kept = true};
	run(&world, 200);
	world.rates[1] = world.rates[0];
	run(&world, 100);
	world.rates[0] = (struct rates){0};
	run(&world, 10);
	check_began(&world, INCIDENT_STARVED, 0);
	g_assert_cmpuint(world.num_ended, ==, 0);
	world.rates[1] = (struct rates){0};
	run(&world, 10); /* not a third of the starved time */
	g_assert_cmpuint(world.num_ended, ==, 1);
	world_end(&world);
}

static void test_starved_now_and_then(void)
{
	struct world world;

	world_begin(&world);
	run(&world, 5);
	for (unsigned int minute = 0; minute < 59; minute++) {
		world.rates[0] = (struct rates){.kept = true};
		run(&world, 30);
		world.rates[0] = (struct rates){0};
		run(&world, 30);
	}
	check_began(&world, INCIDENT_STARVED, 0);
	g_assert_cmpuint(world.num_lasts, ==, 0);
	g_assert_cmpuint(world.num_ended, ==, 1);
	world.rates[0] = (struct rates){.kept = true};
	run(&world, 5 * 60);
	g_assert_cmpuint(world.num_began + world.num_lasts, ==, 2);
	world_end(&world);
}

/* The domain is destroyed, or the vCPU unplugged. */
static void test_gone(void)
{
	struct world world;

	world_begin(&world);
	run(&world, 5);
	world.rates[1] = (struct rates){.no_irqs = true};
	run(&world, 12);
	check_began(&world, INCIDENT_HARD_LOCKUP, 1);
	for (unsigned int i = 0; i < NUM_CPUS; i++)
		world.cpus[i].known = false;
	run(&world, 12);
	g_assert_cmpuint(world.num_ended, ==, 0);
	world_end(&world);
}

static void test_hung_task(void)
{
	struct world world;

	world_begin(&world);
	world.sample.has_hung_warnings = true;
	world.sample.hung_warnings = 10;
	run(&world, 2);
	world.sample.hung_warnings = 9;
	run(&world, 2);
	check_began(&world, INCIDENT_HUNG_TASK, -1);
	world.sample.hung_warnings = -1; /* the kernel stops counting */
	run(&world, 2);
	g_assert_cmpuint(world.num_began, ==, 1);
	world.sample.has_hung_count = true;
	world.sample.hung_count = 7;
	run(&world, 2);
	g_assert_cmpuint(world.num_began, ==, 1);
	world.sample.hung_count = 8;
	run(&world, 2);
	g_assert_cmpuint(world.num_began, ==, 2);
	world.sample.hung_count = 0; /* reset */
	run(&world, 2);
	g_assert_cmpuint(world.num_began, ==, 2);
	world_end(&world);
}

/*
 * The watch knows the counted task: it reports the task again at intervals, and when the task has
 * run.
 */
static void test_hung_task_ends(void)
{
	struct world world;

	world_begin(&world);
	world.sample.has_hung_count = true;
	run(&world, 2);
	world.sample.hung_count = 1;
	run(&world, 1);
	check_began(&world, INCIDENT_HUNG_TASK, -1);
	stall_follow(world.stall, world.sample.now_us - 130 * SECOND, world.sample.now_us);
	world.sample.num_blocked = 2;
	for (unsigned int i = 0; i < 10; i++) {
		world.sample.hung_count++; /* the same task, counted again */
		run(&world, 5);
		stall_reset(world.stall); /* a pause: the task is still blocked */
		run(&world, 1);
	}
	g_assert_cmpuint(world.num_began, ==, 1);
	g_assert_cmpuint(world.num_lasts, ==, 0);
	run(&world, 2);
	g_assert_cmpuint(world.num_lasts, ==, 1);
	g_assert_cmpstr(world.lasts.evidence, ==, "tasks have been blocked for 191 s: 2");
	world.sample.num_blocked = 1;
	run(&world, 2);
	g_assert_cmpuint(world.num_ended, ==, 0);
	world.sample.num_blocked = 0;
	run(&world, 2);
	g_assert_cmpuint(world.num_ended, ==, 1);
	g_assert_cmpint(world.ended.incident, ==, INCIDENT_HUNG_TASK);
	g_assert_cmpstr(world.ended.evidence, ==, "what was blocked ran on after 195 s");
	/* The next one is another task. */
	world.sample.hung_count++;
	run(&world, 2);
	g_assert_cmpuint(world.num_began, ==, 2);
	world_end(&world);
}

/* The guest's own detector reports a hang. Returns whether the stall watch sees that hang. */
static bool guest_reports(struct world *world, enum stall_event expected)
{
	struct stall_finding finding;
	enum stall_event event;
	bool known;

	world->whole = true;
	look(world);
	event = stall_guest_told(world->stall, &world->limits, &world->sample, &known, &finding);
	if (event == STALL_BEGAN) {
		world->num_began++;
		world->began = finding;
	}
	g_assert_cmpint(event, ==, expected);
	return known;
}

/* What stands for half of its limit is what the guest means, and it is one incident. */
static void test_guest_tells_early(void)
{
	static const struct {
		struct rates rates; /* of vCPU 2 */
		bool gp_stands;
		enum incident incident;
		int cpu;
		unsigned int half_s, rest_s;
	} cases[] = {
		{{.no_irqs = true, .same_task = true, .same_touch = true},
		 false,
		 INCIDENT_HARD_LOCKUP,
		 2,
		 6,
		 30},
		{{.same_touch = true}, false, INCIDENT_SOFT_LOCKUP, 2, 11, 30},
		{{0}, true, INCIDENT_RCU_STALL, -1, 12, 30},
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct world world;
		bool known;

		world_begin(&world);
		run(&world, 5);
		world.rates[2] = cases[i].rates;
		world.gp_stands = cases[i].gp_stands;
		run(&world, cases[i].half_s);
		guest_reports(&world, STALL_BEGAN);
		check_began(&world, cases[i].incident, cases[i].cpu);
		g_assert_nonnull(strstr(world.began.evidence, "own detector reported"));
		/* It lasts, and is not told again when its limit is reached. */
		run(&world, 1);
		known = guest_reports(&world, STALL_NONE);
		g_assert_true(known);
		run(&world, cases[i].rest_s);
		g_assert_cmpuint(world.num_began, ==, 1);
		g_assert_cmpuint(world.num_ended, ==, 0);
		world.rates[2] = (struct rates){0};
		world.gp_stands = false;
		run(&world, 2);
		g_assert_cmpuint(world.num_ended, ==, 1);
		world_end(&world);
	}
}

/* It ends before the limit that it would have had. */
static void test_guest_tells_of_a_short_one(void)
{
	struct world world;

	world_begin(&world);
	run(&world, 5);
	world.rates[2].same_touch = true;
	run(&world, 11);
	guest_reports(&world, STALL_BEGAN);
	run(&world, 3);
	g_assert_cmpuint(world.num_ended, ==, 0);
	world.rates[2].same_touch = false;
	run(&world, 1);
	g_assert_cmpuint(world.num_ended, ==, 1);
	world_end(&world);
}

/* Nothing is made up where nothing stands. */
static void test_guest_tells_of_nothing_seen(void)
{
	struct world world;
	bool known;

	world_begin(&world);
	run(&world, 60);
	known = guest_reports(&world, STALL_NONE);
	g_assert_false(known);
	world_end(&world);
}

/* A guest of 6.16 or later. */
static void world_begin_counting(struct world *world)
{
	world_begin(world);
	for (unsigned int i = 0; i < STALL_NUM_COUNTED; i++) {
		world->sample.has_count[i] = true;
		world->sample.counts[i] = 7;
	}
	run(world, 30);
}

/* A count that rises is a hang at once, and one incident with what is seen of it. */
static void test_counts(void)
{
	static const struct {
		struct rates rates; /* of vCPU 2 */
		bool gp_stands;
		enum stall_counted counted;
		enum incident incident;
		int cpu;
		unsigned int half_s;
	} cases[] = {
		{{.no_irqs = true, .same_task = true, .same_touch = true},
		 false,
		 STALL_COUNTED_HARD,
		 INCIDENT_HARD_LOCKUP,
		 2,
		 6},
		{{.same_touch = true}, false, STALL_COUNTED_SOFT, INCIDENT_SOFT_LOCKUP, 2, 11},
		{{0}, true, STALL_COUNTED_RCU, INCIDENT_RCU_STALL, -1, 12},
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct world world;

		world_begin_counting(&world);
		world.rates[2] = cases[i].rates;
		world.gp_stands = cases[i].gp_stands;
		run(&world, cases[i].half_s);
		g_assert_cmpuint(world.num_began, ==, 0);
		world.sample.counts[cases[i].counted]++;
		run(&world, 1);
		check_began(&world, cases[i].incident, cases[i].cpu);
		g_assert_nonnull(strstr(world.began.evidence, "own detector reported"));
		/* It lasts, and is counted again. */
		for (unsigned int s = 0; s < 30; s++) {
			world.sample.counts[cases[i].counted] += s % 4 == 0;
			run(&world, 1);
		}
		/* Detectors count once more when it is over. */
		world.rates[2] = (struct rates){0};
		world.gp_stands = false;
		run(&world, 1);
		for (unsigned int counted = 0; counted < STALL_NUM_COUNTED; counted++)
			world.sample.counts[counted]++;
		run(&world, 10);
		g_assert_cmpuint(world.num_began, ==, 1);
		g_assert_cmpuint(world.num_ended, ==, 1);
		g_assert_cmpuint(world.num_unseen, ==, 0);
		world_end(&world);
	}
}

/* The guest counts by its clock. The host sees the hang later, by the time that it gave. */
static void test_counts_first(void)
{
	struct world world;

	world_begin_counting(&world);
	world.rates[2] = (struct rates){.no_irqs = true};
	run(&world, 2);
	world.sample.counts[STALL_COUNTED_HARD]++;
	run(&world, 1);
	g_assert_cmpuint(world.num_unseen, ==, 1);
	g_assert_cmpint(world.unseen.incident, ==, INCIDENT_HARD_LOCKUP);
	g_assert_cmpint(world.unseen.cpu, ==, -1);
	g_assert_cmpstr(world.unseen.evidence, ==,
			"the guest's own detector counted a hard lockup");
	run(&world, 20);
	g_assert_cmpuint(world.num_began, ==, 0);
	world.rates[2] = (struct rates){0};
	run(&world, 1);
	g_assert_cmpuint(world.num_ended, ==, 1);
	/* The next one is another hang. */
	run(&world, 150);
	world.rates[2] = (struct rates){.no_irqs = true};
	run(&world, 12);
	check_began(&world, INCIDENT_HARD_LOCKUP, 2);
	world_end(&world);
}

/* Counts of before, and of a pause. */
static void test_counts_of_before(void)
{
	struct world world;

	world_begin_counting(&world);
	stall_reset(world.stall);
	world.sample.counts[STALL_COUNTED_SOFT]++;
	run(&world, 2);
	world.sample.counts[STALL_COUNTED_SOFT]++;
	run(&world, 60);
	world.sample.has_count[STALL_COUNTED_SOFT] = false;
	run(&world, 2);
	world.sample.counts[STALL_COUNTED_SOFT]++;
	world.sample.has_count[STALL_COUNTED_SOFT] = true;
	run(&world, 2);
	g_assert_cmpuint(world.num_began + world.num_unseen, ==, 0);
	world_end(&world);
}

static void test_warning(void)
{
	struct world world;

	world_begin(&world);
	world.sample.warnings = 7;
	run(&world, 2);
	world.sample.has_warnings = true;
	run(&world, 2);
	g_assert_cmpuint(world.num_began, ==, 0); /* these are older */
	world.sample.warnings = 9;
	run(&world, 2);
	check_began(&world, INCIDENT_WARNING, -1);
	world_end(&world);
}

/* A guest with continuous warnings does not hide a lockup. */
static void test_warns_and_hangs(void)
{
	struct world world;

	world_begin(&world);
	world.sample.has_warnings = true;
	run(&world, 5);
	world.rates[2] = (struct rates){.no_irqs = true};
	for (unsigned int i = 0; i < 10; i++) {
		g_assert_cmpint(world.began.incident, !=, INCIDENT_HARD_LOCKUP);
		world.sample.warnings++;
		run(&world, 1);
	}
	g_assert_cmpint(world.began.incident, ==, INCIDENT_HARD_LOCKUP);
	world_end(&world);
}

static void test_counter_not_in_use(void)
{
	struct world world;

	world_begin(&world);
	for (unsigned int i = 0; i < NUM_CPUS; i++)
		world.rates[i] = (struct rates){.no_irqs = true};
	run(&world, 100);
	g_assert_cmpuint(world.num_began, ==, 0);
	world_end(&world);
}

/* The vCPU was unplugged and replugged with another thread. */
static void test_another_thread(void)
{
	struct world world;

	world_begin(&world);
	run(&world, 5);
	world.cpus[2].used_us = 0;
	world.rates[2] = (struct rates){.no_irqs = true};
	run(&world, 12);
	check_began(&world, INCIDENT_HARD_LOCKUP, 2);
	world_end(&world);
}

static void test_hostile(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(12);
	struct world world;

	world_begin(&world);
	world.sample.num_cpus = NUM_CPUS;
	for (unsigned int i = 0; i < 100000; i++) {
		struct stall_cpu *cpu = &world.cpus[i % NUM_CPUS];
		uint64_t value = (uint64_t)g_rand_int(random) << 32 | g_rand_int(random);

		cpu->irqs = (uint32_t)value;
		cpu->touch = cpu->current = cpu->user = ~value;
		cpu->has_touch = value & 1;
		cpu->has_irqs = value & 2;
		cpu->used_us = g_rand_int(random); /* another thread: backwards, too */
		world.sample.gp_seq = value;
		cpu->offline = value & 8;
		cpu->idle = value & 16;
		world.sample.asleep = (value & 0xff00) == 0;
		world.sample.slept_us = (gint64)(value >> 1);
		cpu->has_next = world.sample.has_clock = world.sample.has_warnings = value & 4;
		cpu->next_ns = world.sample.clock_s = value >> (i % 64);
		world.sample.warnings = (uint32_t)value;
		world.sample.has_count[i % STALL_NUM_COUNTED] = value & 32;
		world.sample.counts[i % STALL_NUM_COUNTED] = (uint32_t)(value >> 6);
		world.sample.now_us += SECOND / 4;
		look(&world);
		g_assert_true(memchr(world.began.evidence, 0, sizeof(world.began.evidence)));
	}
	world_end(&world);
}

/* How many seconds after it began the hang is told. */
static unsigned int time_of_hang(bool lazy, const struct rates *before, const struct rates *hang,
				 unsigned int before_s, unsigned int system_percent)
{
	unsigned int told_s = 0;
	struct world world;

	lazily = lazy;
	world_begin(&world);
	world.touch_every_s = 4;
	for (unsigned int i = 0; i < NUM_CPUS; i++)
		world.cpus[i].has_touch = !hang->same_task;
	world.rates[2] = *before;
	for (unsigned int i = 0; i < before_s; i++) {
		world.system_us[2] += SECOND * system_percent / 100;
		run(&world, 1);
	}
	g_assert_cmpuint(world.num_began, ==, 0);
	world.rates[2] = *hang;
	for (; told_s < 100 && world.num_began == 0; told_s++)
		run(&world, 1);
	check_began(&world, world.began.incident, 2);
	world_end(&world);
	return told_s;
}

/* Not earlier than by times that are read at each tick, and a second later at most. */
static void test_lazily(void)
{
	static const struct rates before[] = {
		{0}, {.halted = true}, {.halted = true, .no_irqs = true}, {.half = true}};
	static const struct {
		struct rates rates;
		unsigned int early_s, late_s;
	} hangs[] = {
		{{.no_irqs = true, .same_touch = true}, 0, 1},
		{{.same_touch = true}, 0, 1},
		{{.same_task = true}, 0, 1},
		/* It waited now and then before, and when that was is not known exactly. */
		{{.kept = true}, 2, 4},
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(before) * G_N_ELEMENTS(hangs) * 16; i++) {
		unsigned int hang = i % G_N_ELEMENTS(hangs);
		unsigned int first = i / G_N_ELEMENTS(hangs) % G_N_ELEMENTS(before);
		unsigned int before_s = 20 + i / 16, eagerly_s, lazily_s;
		unsigned int system_percent = i % 3 * 2;

		eagerly_s = time_of_hang(false, &before[first], &hangs[hang].rates, before_s,
					 system_percent);
		lazily_s = time_of_hang(true, &before[first], &hangs[hang].rates, before_s,
					system_percent);
		if (lazily_s + hangs[hang].early_s < eagerly_s ||
		    lazily_s > eagerly_s + hangs[hang].late_s)
			g_error("hang %u after %u of %u s: told after %u s, eagerly after %u s",
				hang, first, before_s, lazily_s, eagerly_s);
	}
}

/* Of a guest that is well the times are read every four seconds. */
static void test_well(void)
{
	struct world world;

	lazily = true;
	world_begin(&world);
	world.touch_every_s = 4;
	run(&world, 5);
	world.num_reads = 0;
	run(&world, 100);
	g_assert_cmpuint(world.num_reads, <=, 26 * NUM_CPUS);
	world_end(&world);
}

/* Of the host's times all is read at each tick; or what is asked for. */
struct test {
	void (*run)(void);
};

static void run_eagerly(gconstpointer test)
{
	lazily = false;
	((const struct test *)test)->run();
}

static void run_lazily(gconstpointer test)
{
	lazily = true;
	((const struct test *)test)->run();
}

static struct test *test_new(void (*function)(void))
{
	struct test *test = g_new(struct test, 1);

	test->run = function;
	return test;
}

static void add(const char *title, void (*function)(void))
{
	g_autofree char *lazy = g_strdup_printf("%s, and times are read when needed", title);

	g_test_add_data_func_full(title, test_new(function), run_eagerly, g_free);
	g_test_add_data_func_full(lazy, test_new(function), run_lazily, g_free);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("/stall/each kind is reported after its time limit, with its CPU", test_kinds);
	add("/stall/idle, tickless, computing and unplugged CPUs do not hang", test_no_hang);
	add("/stall/a busy host makes no lockup and no RCU stall", test_busy_host);
	add("/stall/a grace period counts the time that the host lets the guest run",
	    test_grace_period_of_a_slow_guest);
	add("/stall/a hang that alternates between kinds is reported more and more rarely",
	    test_to_and_fro);
	add("/stall/a continuing wait counts", test_waits_unseen);
	add("/stall/a guest that misses its timers is dead", test_dead);
	add("/stall/a sleeping guest is not dead", test_sleeps);
	add("/stall/a gap and a reset restart the measurement", test_gap);
	add("/stall/a continuing hang is reported more and more rarely, and its end is "
	    "reported",
	    test_lasts_and_ends);
	add("/stall/CPUs that hang together are one incident", test_together);
	add("/stall/a CPU that waits for a hung CPU belongs to the same incident",
	    test_waits_for_a_cpu);
	add("/stall/an RCU stall by a locked-up CPU belongs to the lockup",
	    test_grace_period_and_lockup);
	add("/stall/a starved vCPU does not end an RCU stall", test_grace_period_and_starved);
	add("/stall/a CPU that hangs later is another incident", test_one_after_the_other);
	add("/stall/all starved vCPUs are one incident", test_starved_together);
	add("/stall/an unplugged vCPU does not count as running again", test_gone);
	add("/stall/an idle CPU that halts without an exit does not hang", test_halts_unseen);
	add("/stall/a guest with a wrong clock does not hang", test_wrong_clock);
	add("/stall/a nohz_full CPU does not hang, other CPUs can", test_tickless);
	add("/stall/a suspended guest does not hang", test_guest_sleeps);
	add("/stall/a suspend of the host makes no hang", test_host_sleeps);
	add("/stall/a pause or a new daemon does not report a hang twice", test_goes_on);
	add("/stall/a guest that hung before the start of the watch is reported",
	    test_hangs_already);
	add("/stall/a vCPU that runs only at the sample times is not starved", test_in_step);
	add("/stall/a host that starves guests now and then is reported once per hour",
	    test_starved_now_and_then);
	add("/stall/a grace period of an idle guest is no stall",
	    test_grace_period_of_an_idle_guest);
	add("/stall/only an increased count of hung tasks is an incident", test_hung_task);
	add("/stall/a hung task ends when it has run", test_hung_task_ends);
	add("/stall/a hang that the guest reports is reported once, before its time limit",
	    test_guest_tells_early);
	add("/stall/a hang that the guest reports may end before its time limit",
	    test_guest_tells_of_a_short_one);
	add("/stall/a hang that only the guest sees is not reported",
	    test_guest_tells_of_nothing_seen);
	add("/stall/a warning is reported once", test_warning);
	add("/stall/a count of the guest is a hang at once, and one incident", test_counts);
	add("/stall/a counted hang that is seen later is one incident", test_counts_first);
	add("/stall/counts of before and after a pause are no hang", test_counts_of_before);
	add("/stall/continuous warnings do not hide a hang", test_warns_and_hangs);
	add("/stall/a counter that never changed is not a clock", test_counter_not_in_use);
	add("/stall/a vCPU's new thread is measured from its start", test_another_thread);
	add("/stall/arbitrary numbers of a guest do no harm", test_hostile);
	g_test_add_func("/stall/times that are read when needed make no hang early or late",
			test_lazily);
	g_test_add_func("/stall/times of a guest that is well are hardly read", test_well);
	return g_test_run();
}
