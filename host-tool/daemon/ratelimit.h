/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often things may happen: collections by a bucket of tokens that fills slowly, searches for a
 * kernel by waiting longer each time. */
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

/*
 * How long until ratelimit_take() would give one, in µs, if nobody takes any meanwhile. 0: now.
 */
gint64 ratelimit_wait_us(const struct bucket *bucket, const struct rate *rate,
			 const struct bucket *total, const struct rate *total_rate, gint64 now);

struct backoff {
	unsigned int times; /* in a row */
	gint64 last_us;	    /* monotonic; 0: never */
};

/*
 * How long to wait before the next try: @first_ms, and double that each time, up to @last_ms. A
 * quiet time of twice @last_ms begins anew. @now: monotonic, µs.
 */
unsigned int backoff_ms(struct backoff *backoff, unsigned int first_ms, unsigned int last_ms,
			gint64 now);

#endif
