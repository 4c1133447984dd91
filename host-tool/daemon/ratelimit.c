/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/ratelimit.h"

static bool has_token(struct bucket *bucket, const struct rate *rate, gint64 now)
{
	double hours = (double)(now - bucket->since) / (double)G_TIME_SPAN_HOUR;

	bucket->used = MAX(bucket->used - hours * rate->per_hour, 0);
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
