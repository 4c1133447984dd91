/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits rates: collections with a token bucket, searches for a kernel with an increasing delay. */
#ifndef OOPSBT_DAEMON_RATELIMIT_H
#define OOPSBT_DAEMON_RATELIMIT_H

#include <glib.h>
#include <stdbool.h>

struct rate {
	unsigned int burst;    /* at once, after a quiet period */
	unsigned int per_hour; /* on average */
};

struct bucket {
	double used;
	gint64 since; /* monotonic, µs */
};

/*
 * Takes one token from each bucket, or none. A domain that has used none of its own tokens has one
 * reserved: if the total is empty, this token is taken from @bucket alone. So guests that oops all
 * the time do not use up the tokens of others. @now: monotonic, µs.
 */
bool ratelimit_take(struct bucket *bucket, const struct rate *rate, struct bucket *total,
		    const struct rate *total_rate, gint64 now);

/* The time until ratelimit_take() succeeds if nobody else takes tokens, in µs. 0: now. */
gint64 ratelimit_wait_us(const struct bucket *bucket, const struct rate *rate,
			 const struct bucket *total, const struct rate *total_rate, gint64 now);

struct backoff {
	unsigned int times; /* in a row */
	gint64 last_us;	    /* monotonic; 0: never */
};

/*
 * The delay before the next try: @first_ms, doubled each time, up to @last_ms. A quiet period of
 * twice @last_ms resets it. @now: monotonic, µs.
 */
unsigned int backoff_ms(struct backoff *backoff, unsigned int first_ms, unsigned int last_ms,
			gint64 now);

#endif
