/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/histogram.h"

void histogram_add(struct histogram *histogram, double seconds)
{
	size_t i = 0;

	if (seconds < 0)
		seconds = 0;
	while (i < histogram->num_bounds && seconds > histogram->bounds[i])
		i++;
	histogram->counts[i]++;
	histogram->sum += seconds;
}
