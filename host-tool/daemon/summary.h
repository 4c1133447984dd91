/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main points of a report for the log. They come from its first members; the report itself is
 * never parsed.
 */
#ifndef OOPSBT_DAEMON_SUMMARY_H
#define OOPSBT_DAEMON_SUMMARY_H

#include <stdbool.h>

#include "base/maybe.h"

struct summary {
	char *release;	       /* of the guest's kernel; clean; NULL: unknown */
	char *incident;	       /* name of its kind; clean; NULL: unknown */
	char *fingerprint;     /* of the bug; clean; NULL: unknown */
	char *verdict, *blame; /* of a hang: sentences, and one word; clean; or NULL */
	struct maybe_int cpu;  /* Linux number of the CPU that oopsed or stalls */
	bool left_out_differ;  /* earlier skipped oopses may be of other bugs */
};

void summary_clear(struct summary *summary);

#endif
