/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long things took: how many took at most so long, for some limits, and the sum. */
#ifndef OOPSBT_DAEMON_HISTOGRAM_H
#define OOPSBT_DAEMON_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_MAX_BOUNDS 12

struct histogram {
	const double *bounds; /* seconds, ascending; static */
	size_t num_bounds;    /* at most HISTOGRAM_MAX_BOUNDS */
	/* counts[i]: above the bound before and up to bounds[i]; the last one: above all bounds. */
	uint64_t counts[HISTOGRAM_MAX_BOUNDS + 1];
	double sum; /* seconds */
};

/* A time below 0, as a clock that is set gives it, counts as 0. */
void histogram_add(struct histogram *histogram, double seconds);

#endif
