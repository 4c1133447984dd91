/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A histogram of durations: counts by upper bound, and the sum. */
#ifndef OOPSBT_DAEMON_HISTOGRAM_H
#define OOPSBT_DAEMON_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_MAX_BOUNDS 12

struct histogram {
	const double *bounds; /* seconds, ascending; static */
	size_t num_bounds;    /* at most HISTOGRAM_MAX_BOUNDS */
	/* counts[i]: above bounds[i - 1] and up to bounds[i]; the last one: above all bounds. */
	uint64_t counts[HISTOGRAM_MAX_BOUNDS + 1];
	double sum; /* seconds */
};

/* A negative duration, as after a clock change, counts as 0. */
void histogram_add(struct histogram *histogram, double seconds);

#endif
