/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/watch.h"

#define CREDIT_US (10 * G_TIME_SPAN_SECOND)
/* QEMU holds back no event longer: an older event means that a clock was set. */
#define MAX_DELAY_US (10 * G_TIME_SPAN_SECOND)
/* The delays between checks of a clock that does not move: the first, and the maximum. */
#define FIRST_CHECK_US (4 * G_TIME_SPAN_SECOND)
#define MAX_CHECK_DELAY_US (60 * G_TIME_SPAN_SECOND)
/* A larger step is not a count: the memory has another use. */
#define MAX_STEP 1000
/* Each oops sets bit 7 (TAINT_DIE). The kernel has 20 flags so far, in a word of 64 bits. */
#define TAINT_DIE ((uint64_t)1 << 7)
#define TAINT_IMPOSSIBLE (~(uint64_t)0 << 32)

void watch_expect(struct watch *watch, gint64 now)
{
	if (now > watch->credit_until)
		watch->credit = 0;
	watch->credit++;
	watch->credit_until = now + CREDIT_US;
}

void watch_resume(struct watch *watch, gint64 now)
{
	if (watch->credit)
		watch->credit_until = now + CREDIT_US;
}

bool watch_has_told(struct watch *watch, gint64 signalled_us)
{
	gint64 age_us = watch->told_us - signalled_us;

	if (!watch->told || age_us <= 0 || age_us > MAX_DELAY_US)
		return false;
	watch->told--;
	return true;
}

void watch_reset(struct watch *watch)
{
	*watch = (struct watch){0};
}

bool watch_set(struct watch *watch, const struct protocol_verdict *verdict)
{
	bool same = watch->counter_address == verdict->die_counter_address &&
		    watch->taint_address == verdict->taint_address &&
		    watch->clock_address == verdict->clock_address;
	bool had = watch->have_counter;

	if (!verdict->known || (same && had))
		return false;
	watch->counter_address = verdict->die_counter_address;
	watch->taint_address = verdict->taint_address;
	watch->clock_address = verdict->clock_address;
	watch->moved_us = 0;
	watch->counter = verdict->die_counter;
	watch->taint = verdict->taint;
	watch->have_counter = true;
	return had;
}

void watch_continue(struct watch *watch, const struct watch *since)
{
	watch->credit += since->credit;
	watch->credit_until = MAX(watch->credit_until, since->credit_until);
}

void watch_catch_up(struct watch *watch, const struct protocol_verdict *verdict)
{
	if (!verdict->known || !watch->have_counter)
		return;
	watch->counter = verdict->die_counter;
	watch->taint = verdict->taint;
	watch->suspicious = false;
}

/* Counts only grow, in small steps, and flags are never cleared. */
static bool is_plausible(const struct watch *watch, uint32_t step, uint64_t taint)
{
	if (step > MAX_STEP)
		return false;
	return watch->taint_address == 0 ||
	       (!(taint & TAINT_IMPOSSIBLE) && !(watch->taint & ~taint));
}

enum watch_result watch_look(struct watch *watch, uint32_t counter, uint64_t taint, bool events,
			     gint64 now, gint64 real_us)
{
	uint32_t step = counter - watch->counter;
	unsigned int expected;

	if (!is_plausible(watch, step, taint)) {
		watch_reset(watch);
		return WATCH_STALE;
	}
	/*
	 * The kernel sets the flag after it has printed the oops: waits for the flag, to get the
	 * complete log.
	 */
	if (step > 0 && watch->taint_address != 0 && !(taint & TAINT_DIE))
		return WATCH_QUIET;
	if (now > watch->credit_until)
		watch->credit = 0;
	expected = MIN(step, watch->credit);
	if (step > expected && events && !watch->suspicious) {
		watch->suspicious = true;
		return WATCH_QUIET;
	}
	watch->suspicious = false;
	watch->counter = counter;
	watch->taint = taint;
	watch->credit -= expected;
	if (step <= expected)
		return WATCH_QUIET;
	watch->told = step - expected;
	watch->told_us = real_us;
	return WATCH_OOPS;
}

bool watch_clock_stands(struct watch *watch, uint64_t clock, gint64 now)
{
	if (!watch->moved_us || clock != watch->clock) {
		watch->clock = clock;
		watch->moved_us = now;
		watch->check_delay_us = FIRST_CHECK_US;
		watch->next_check_us = now + FIRST_CHECK_US;
		return false;
	}
	if (now < watch->next_check_us)
		return false;
	watch->check_delay_us = MIN(2 * watch->check_delay_us, MAX_CHECK_DELAY_US);
	watch->next_check_us = now + watch->check_delay_us;
	return true;
}
