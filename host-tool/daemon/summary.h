/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the head of a report says, in a few words for the log: the report itself is never parsed. */
#ifndef OOPSBT_DAEMON_SUMMARY_H
#define OOPSBT_DAEMON_SUMMARY_H

#include <stdbool.h>

#include "base/maybe.h"

struct summary {
	char *release;	       /* of the guest's kernel; clean; NULL: not known */
	char *fingerprint;     /* of the bug; clean; NULL: not known */
	char *verdict, *blame; /* of a hang: in sentences, and in a word; clean; or NULL */
	struct maybe_int cpu;  /* the kernel's number of the one that oopsed or stands still */
	bool left_out_differ; /* oopses were left out before that are not known to be of this bug */
};

void summary_clear(struct summary *summary);

#endif
