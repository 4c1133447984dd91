/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often collections may happen: a bucket of tokens that fills slowly. */
#ifndef OOPSBT_DAEMON_RATELIMIT_H
#define OOPSBT_DAEMON_RATELIMIT_H

#include <glib.h>
#include <stdbool.h>

struct rate {
	unsigned int burst;    /* at once, after a quiet time */
	unsigned int per_hour; /* in the long run */
};

struct bucket {
	double used;
	gint64 since; /* monotonic, µs */
};

/*
 * Takes one token of each bucket, or of none. A domain that has used none of its own has one
 * reserved: where the total has none left that one is taken of @bucket alone. So guests that oops
 * all the time do not use up what others need. @now: monotonic, µs.
 */
bool ratelimit_take(struct bucket *bucket, const struct rate *rate, struct bucket *total,
		    const struct rate *total_rate, gint64 now);

#endif
