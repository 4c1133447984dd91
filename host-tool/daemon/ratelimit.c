/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/ratelimit.h"

/* The used part of the bucket at @now. */
static double used_at(const struct bucket *bucket, const struct rate *rate, gint64 now)
{
	double hours = (double)(now - bucket->since) / (double)G_TIME_SPAN_HOUR;

	return MAX(bucket->used - hours * rate->per_hour, 0);
}

static bool has_token(struct bucket *bucket, const struct rate *rate, gint64 now)
{
	bucket->used = used_at(bucket, rate, now);
	bucket->since = now;
	return bucket->used + 1 <= rate->burst;
}

bool ratelimit_take(struct bucket *bucket, const struct rate *rate, struct bucket *total,
		    const struct rate *total_rate, gint64 now)
{
	bool here = has_token(bucket, rate, now);
	bool there = has_token(total, total_rate, now);

	bool reserved = bucket->used == 0;

	if (!here || !(there || reserved))
		return false;
	bucket->used++;
	if (there)
		total->used++;
	return true;
}

/* The time until at most @most of it is used, in µs. */
static double until_used(const struct bucket *bucket, const struct rate *rate, double most,
			 gint64 now)
{
	double excess = used_at(bucket, rate, now) - most;

	return MAX(excess, 0) / rate->per_hour * (double)G_TIME_SPAN_HOUR;
}

gint64 ratelimit_wait_us(const struct bucket *bucket, const struct rate *rate,
			 const struct bucket *total, const struct rate *total_rate, gint64 now)
{
	double here = until_used(bucket, rate, (double)rate->burst - 1, now);
	double there = until_used(total, total_rate, (double)total_rate->burst - 1, now);
	double reserved = until_used(bucket, rate, 0, now);
	double wait = MAX(here, MIN(there, reserved));

	/* One µs more allows for rounding in the sums above. */
	return wait > 0 ? (gint64)wait + 1 : 0;
}

unsigned int backoff_ms(struct backoff *backoff, unsigned int first_ms, unsigned int last_ms,
			gint64 now)
{
	unsigned int delay_ms = first_ms;

	if (now - backoff->last_us > (gint64)last_ms * 2 * 1000)
		backoff->times = 0;
	backoff->last_us = now;
	for (unsigned int i = 0; i < backoff->times && delay_ms < last_ms; i++)
		delay_ms *= 2;
	backoff->times++;
	return MIN(delay_ms, last_ms);
}
