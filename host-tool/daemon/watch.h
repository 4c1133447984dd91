/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory watch: notices an oops by its traces in guest memory, without help from the guest and
 * without an event. The kernel counts oopses in `die_counter` and sets a taint flag.
 *
 * It also catches an oops whose event was lost. An event comes before the kernel counts the oops,
 * so each event allows for one count for a while. An event may also be late, so if events are
 * listened to, a count is reported when it is seen for the second time. QEMU delays a second event
 * within a second; such an event is recognised by its time stamp, which is before the watch's
 * report.
 *
 * This file has only the logic; the caller reads the memory.
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
	bool suspicious; /* a count was seen that had no event yet */
	unsigned int credit;
	gint64 credit_until; /* monotonic, µs */
	unsigned int told; /* number of oopses that the watch reported last; their events may still
			      come */
	gint64 told_us;	   /* real time of that report */
	uint64_t clock;	   /* the last value of the kernel's time counter */
	gint64 moved_us;   /* monotonic: when it was last seen to move; 0: never read */
	gint64 next_check_us, check_delay_us;
};

enum watch_result {
	WATCH_QUIET,
	WATCH_OOPS,  /* oopses without an event; .told: their number */
	WATCH_STALE, /* another kernel runs; the watch is off */
};

/* An event that precedes an oops came. @now: monotonic, µs. */
void watch_expect(struct watch *watch, gint64 now);

/*
 * There was no look until now, because a collection ran: the counts of earlier events may still
 * come. @now: monotonic, µs.
 */
void watch_resume(struct watch *watch, gint64 now);

/*
 * Has the watch already reported the oops of this event, made at @signalled_us (real time)? If so,
 * that oops is not counted again.
 */
bool watch_has_told(struct watch *watch, gint64 signalled_us);

/*
 * Sets the addresses of a verdict. Addresses of another kernel reset the watch; then it returns
 * true.
 */
bool watch_set(struct watch *watch, const struct protocol_verdict *verdict);

/*
 * @watch was stored by an earlier daemon: adds the events that came since, which @since counts.
 */
void watch_continue(struct watch *watch, const struct watch *since);

/* A report has told of all oopses that the verdict counts. Call it after watch_set(). */
void watch_catch_up(struct watch *watch, const struct protocol_verdict *verdict);

/*
 * Checks current values. @taint is ignored if its address is unknown. @events: the daemon receives
 * events. @now: monotonic, µs; @real_us: the time by the clock of the events, µs.
 */
enum watch_result watch_look(struct watch *watch, uint32_t counter, uint64_t taint, bool events,
			     gint64 now, gint64 real_us);

/*
 * Is it time to check which kernel the vCPUs run? A guest may start another kernel by kexec: there
 * is no event, and the old kernel's memory may stay unchanged, but its clock stops. The clock of an
 * idle guest also stops for seconds, so checks become rare while it does not move. @clock: the
 * current value. @now: monotonic, µs.
 */
bool watch_clock_stands(struct watch *watch, uint64_t clock, gint64 now);

void watch_reset(struct watch *watch);

#endif
