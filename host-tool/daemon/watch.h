/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory watch: an oops seen by its traces in guest memory, without help from the guest and
 * without an event. The kernel counts oopses in `die_counter` and marks itself tainted.
 *
 * It is also what catches an oops whose event was lost. An event comes before the kernel counts
 * the oops: so each event is a credit of one count that is not news, for a while. And it may be
 * on its way: so where events are listened to a count is news when it is seen a second time. One
 * that comes still later, as QEMU holds back what would be the second within a second, is told by
 * its time stamp: it is from before the watch told of that oops.
 *
 * Only the logic is here; whoever holds the memory does the looking.
 */
#ifndef OOPSBT_DAEMON_WATCH_H
#define OOPSBT_DAEMON_WATCH_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/protocol.h"

struct watch {
	uint64_t counter_address; /* guest-physical; 0: unknown, nothing is watched */
	uint64_t taint_address;	  /* guest-physical; 0: unknown */
	uint64_t clock_address;	  /* guest-physical; 0: unknown */
	bool have_counter;
	uint32_t counter;
	uint64_t taint;
	bool suspicious; /* a count was seen that no event told of yet */
	unsigned int credit;
	gint64 credit_until; /* monotonic, µs */
	unsigned int told;   /* oopses that the watch told of last, whose events may yet come */
	gint64 told_us;	     /* when: real time */
	uint64_t clock;	     /* the kernel's own count of time, as seen last */
	gint64 moved_us;     /* when it was seen to have moved: monotonic; 0: never looked */
	gint64 next_check_us, check_delay_us;
};

enum watch_result {
	WATCH_QUIET,
	WATCH_OOPS,  /* oopses that no event told of: .told is how many */
	WATCH_STALE, /* this is not what it was: another kernel runs. The watch is off. */
};

/* An event came that an oops may follow. @now: monotonic, µs. */
void watch_expect(struct watch *watch, gint64 now);

/* An event of an oops, made at @signalled_us (real time): whether the watch has told of that oops
 * already. If so then of one less from now on. */
bool watch_has_told(struct watch *watch, gint64 signalled_us);

/* The addresses, from a verdict. Another kernel's reset the watch: then it returns true. */
bool watch_set(struct watch *watch, const struct protocol_verdict *verdict);

/*
 * What is there now. @taint is ignored where its address is not known. @events: they are listened
 * to. @now: monotonic, @real_us: the same by the clock that events are stamped with, both in µs.
 */
enum watch_result watch_look(struct watch *watch, uint32_t counter, uint64_t taint, bool events,
			     gint64 now, gint64 real_us);

/*
 * Whether it is time to look which kernel the vCPUs run. A guest may start another one by kexec:
 * no event tells, and the old one's memory may stay as it is, but its clock stands still. So does
 * an idle guest's, now and then for seconds: the looks become rare while it stands.
 * @clock: what is at the address. @now: monotonic, µs.
 */
bool watch_clock_stands(struct watch *watch, uint64_t clock, gint64 now);

void watch_reset(struct watch *watch);

#endif
